import * as z from 'zod'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { CqlSession, Transaction } from '../cql.ts'

/** Some transactions of one coordinator, by which data of the restore point is told from that of before the restore. */
const witnesses = z.object({
  keyspace: z.string(),
  /** ids of those of well before the restore point: they have to be there afterwards */
  before: z.array(z.string()),
  /** ids of those of well after it: they must be gone afterwards */
  after: z.array(z.string()),
})

const notes = z.object({
  /** the nodes as they ran when they were handed over */
  nodes: z.array(z.object({ hostId: z.string(), address: z.string(), generation: z.int() })),
  witnesses: z.array(witnesses),
})
/** What is noted of a ring right before its administrator is told to restore it. */
export type Notes = z.infer<typeof notes>

/** Of a ring that cannot be asked. */
export const noNotes: Notes = { nodes: [], witnesses: [] }

/** What a restore has noted; undefined where it has not come so far. */
export function readNotes({ details }: Pick<RestoredDatabase, 'details'>): Notes | undefined {
  return notes.safeParse(details).data
}

/** How many transactions are read, in the order of their hashes: any part of time is among them as often as it is. */
const mostRead = 5000
/** How many are kept of each side: enough that every node has some. */
const mostKept = 20
/** How far clocks of servers and the worker may differ, ms. */
const marginMs = 60_000

/** Notes since when each node runs, and transactions on both sides of the restore point. */
export async function noteRing(
  { snapshotAt, tables }: DatabaseBackup,
  {
    session,
    nodes,
  }: {
    session: CqlSession
    nodes: readonly { hostId: string; address: string; generation: number | undefined }[]
  },
): Promise<Notes> {
  const pointMs = Date.parse(snapshotAt ?? '')
  const coordinators = tables.filter(({ name }) => name === 'state').map(({ schema }) => schema)
  const noted = await Promise.all(
    coordinators.map(async (keyspace) => {
      const read = await session.transactions(keyspace, mostRead)
      const ids = (some: readonly Transaction[]) => some.slice(0, mostKept).map(({ id }) => id)
      return {
        keyspace,
        before: ids(read.filter(({ createdAtMs }) => createdAtMs < pointMs - marginMs)),
        after: ids(read.filter(({ createdAtMs }) => createdAtMs > pointMs + marginMs)),
      }
    }),
  )
  return {
    nodes: nodes.flatMap(({ hostId, address, generation }) =>
      generation === undefined ? [] : [{ hostId, address, generation }],
    ),
    witnesses: noted.filter(({ before, after }) => before.length + after.length > 0),
  }
}
