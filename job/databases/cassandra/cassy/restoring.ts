import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { afterCassy, afterFailure, afterSilence } from '../../../../operation/databases/cassy.ts'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { OpenStep } from '../../../journal/journal.ts'
import type { Events } from '../../../process/events.ts'
import { CassyError, type Cassy } from './client.ts'
import type { CassyDetails } from './details.ts'
import { operationStatus, type RestoreEntry } from './protocol.ts'

/** How long Cassy is waited for, ms. A wait that ends changes nothing: it can be gone on with. */
export interface RestorePatience {
  /** between two looks */
  everyMs: number
  /** a restore of which nothing new is said is looked after by its administrator then */
  quietMs: number
  /** the same where Cassy did not answer meanwhile, so that it may have been started anew */
  forgottenMs: number
  /** for what became of an order whose answer was lost */
  lostMs: number
}

export const usualRestorePatience: RestorePatience = {
  everyMs: 5000,
  quietMs: 21_600_000,
  forgottenMs: 1_800_000,
  lostMs: 10_000,
}

/** What is known of Cassy's restores of a backup. Each is known by when it was begun, ms by Cassy's clock. */
export const cassyNotes = z.object({
  /** those of before this restore; absent where it could not be asked when the ring was handed over */
  earlier: z.array(z.number()).optional(),
  /** those of which the administrator was told that they have failed, and what to do there */
  told: z.array(z.number()).optional(),
})
export type CassyNotes = z.infer<typeof cassyNotes>

/** What a worker writes down before it asks for anything. */
const stepNotes = z.object({
  earlier: z.array(z.number()),
  /** those of before its order; absent while it has not come so far */
  beforeOrder: z.array(z.number()).optional(),
})

/** What is left to the administrator once Cassy has done what it can. */
export interface CassyPart {
  left: string[]
  notes: CassyNotes
}

/** A backup that is put back, and who is asked about it. */
interface Restoring {
  cassy: Cassy
  entry: DatabaseBackup
  details: CassyDetails
  events: Events
  patience: RestorePatience
  signal: AbortSignal
  /** @throws Failure where the bucket has not got every file any more */
  checkBucket: () => Promise<void>
}

const isAtWork = ({ status }: RestoreEntry) => status !== operationStatus.completed && status !== operationStatus.failed

/**
 * The newest restore of each node beside those of before, which a clock that was set back may call newer. One that is
 * at work is the newest: nothing else is asked for meanwhile.
 */
export function newestBeside(entries: readonly RestoreEntry[], earlier: readonly number[]): Map<string, RestoreEntry> {
  const own = entries.filter(({ created_at }) => !earlier.includes(created_at))
  return new Map([...newestOf(own), ...newestOf(own.filter(isAtWork))])
}

function newestOf(entries: readonly RestoreEntry[]): Map<string, RestoreEntry> {
  return new Map(
    [...entries].sort((one, other) => one.created_at - other.created_at).map((entry) => [entry.target_ip, entry]),
  )
}

/** When each restore was begun. */
export function begunAt(entries: readonly RestoreEntry[]): number[] {
  return [...new Set(entries.map(({ created_at }) => created_at))]
}

/**
 * Has Cassy put back the files of every node, while Cassandra stands still everywhere, and waits for it. What Cassy has
 * written down is what counts, so nothing is asked for while it is at work on any node of the ring, and only for nodes
 * that have not got theirs.
 * @returns what the administrator has to do then: start the nodes, or see after those that have not come to a good end
 * @throws Failure where nothing was asked for, or nobody knows whether it was; the signal's reason
 */
export async function putBack(of: Restoring, before: CassyNotes | undefined, step: OpenStep): Promise<CassyPart> {
  const { cassy, details, entry, events, patience, signal } = of
  const { snapshotId } = details
  const addresses = details.nodes.map(({ address }) => address)
  const noted = await notedOf(of, before, step)
  const { earlier } = noted
  const { told = [] } = before ?? {}
  if (noted.beforeOrder !== undefined) await untilBegun(of, noted.beforeOrder)
  let isAsked = false
  let isBegun = noted.beforeOrder !== undefined
  for (;;) {
    const newest = isBegun
      ? await untilAtRest(of, earlier)
      : newestBeside(await cassy.restores(snapshotId, signal), earlier)
    const found = addresses.flatMap((address) => newest.get(address) ?? [])
    const atWork = found.filter(isAtWork)
    const failed = found.filter(
      ({ status, created_at }) => status === operationStatus.failed && !told.includes(created_at),
    )
    const namesOf = (some: readonly RestoreEntry[]) => some.map(({ target_ip }) => target_ip)
    if (atWork.length > 0) {
      if (isBegun) return { left: afterSilence(entry, namesOf(atWork)), notes: { earlier, told } }
      isBegun = true
      continue
    }
    if (failed.length > 0)
      return { left: afterFailure(entry, namesOf(failed)), notes: { earlier, told: [...told, ...begunAt(failed)] } }
    const undone = addresses.filter((address) => newest.get(address)?.status !== operationStatus.completed)
    // A bucket that has lost files meanwhile: Cassy calls a node completed that has got none of them.
    await of.checkBucket()
    if (undone.length === 0) return { left: afterCassy(entry), notes: { earlier, told } }
    if (isAsked) throw notBegun(entry, undone)
    await refuseOthers(of)
    isAsked = true
    isBegun = true
    events.say('note', `${entry.title}: Cassy is asked to put back the files of node ${undone.join(', ')}`)
    await ask(of, undone, async (beforeOrder) => await step.note({ ...noted, beforeOrder }))
  }

  async function ask(
    { cassy }: Restoring,
    undone: readonly string[],
    note: (beforeOrder: number[]) => Promise<void>,
  ): Promise<void> {
    const beforeOrder = begunAt(await cassy.restores(snapshotId, signal))
    await note(beforeOrder)
    signal.throwIfAborted()
    const order = { cluster_id: details.clusterId, snapshot_id: snapshotId, target_ips: undone }
    try {
      await cassy.restore(order, signal)
    } catch (error) {
      if (!(error instanceof CassyError)) throw error
      // What it has written down tells more: it has begun, or what has failed.
      if (!(await untilBegun(of, beforeOrder, error.isLost ? patience.lostMs : 0))) throw error
    }
  }
}

/** What this operation goes by, durable before Cassy is asked for anything. */
async function notedOf(
  { cassy, details, signal }: Restoring,
  before: CassyNotes | undefined,
  step: OpenStep,
): Promise<z.infer<typeof stepNotes>> {
  const kept = stepNotes.safeParse(step.noted).data
  if (kept !== undefined) return kept
  // Where nobody knows which restores are of before, none is this one's.
  const earlier = before?.earlier ?? begunAt(await cassy.restores(details.snapshotId, signal))
  await step.note({ earlier })
  return { earlier }
}

/** Looks whether Cassy has written down an order. @param before those of before it */
async function untilBegun(
  { cassy, details, patience, signal }: Restoring,
  before: readonly number[],
  forMs = patience.lostMs,
): Promise<boolean> {
  const endsMs = performance.now() + forMs
  for (;;) {
    signal.throwIfAborted()
    const entries = await cassy.restores(details.snapshotId, signal).catch((error: unknown) => {
      if (error instanceof CassyError) return []
      throw error
    })
    if (entries.some(({ created_at }) => !before.includes(created_at))) return true
    if (performance.now() >= endsMs) return false
    await sleep(Math.min(patience.everyMs, 200), undefined, { signal })
  }
}

/**
 * Waits until Cassy is at work on no node, or says nothing new for too long; also where it is away.
 * @returns the newest restore of each node
 * @throws Failure where it has said nothing at all; the signal's reason
 */
async function untilAtRest(
  { cassy, details, entry, events, patience, signal }: Restoring,
  earlier: readonly number[],
): Promise<Map<string, RestoreEntry>> {
  const nodes = new Set(details.nodes.map(({ address }) => address))
  let said = ''
  let newest: Map<string, RestoreEntry> | undefined
  let movedMs = performance.now()
  let wasAway = false
  for (;;) {
    signal.throwIfAborted()
    try {
      newest = newestBeside(await cassy.restores(details.snapshotId, signal), earlier)
      const atWork = [...newest.values()].filter((one) => nodes.has(one.target_ip) && isAtWork(one))
      if (atWork.length === 0) return newest
      const now = atWork.map(({ target_ip, status }) => `${target_ip} ${status}`).join()
      if (said === '') events.say('note', `${entry.title}: Cassy puts the files back`)
      if (now !== said) movedMs = performance.now()
      said = now
    } catch (error) {
      if (!(error instanceof CassyError)) throw error
      if (!wasAway) {
        const why = `${messageOf(error)}. A Cassy that was started anew has forgotten what it did`
        events.say('note', `${entry.title}: ${why}`, { level: 'warning' })
        movedMs = performance.now()
      }
      wasAway = true
    }
    if (performance.now() - movedMs > (wasAway ? patience.forgottenMs : patience.quietMs)) {
      if (newest === undefined) throw silent(details.cassy)
      return newest
    }
    await sleep(patience.everyMs, undefined, { signal })
  }
}

/**
 * Two programs of Cassy on one node remove each other's files (Cassy, RestoreCommand.deleteStagingDirectories), and it
 * refuses none. The same ring may have been registered often.
 * @throws Failure where it is at work on a node of this ring for anybody
 */
async function refuseOthers({ cassy, details, entry, signal }: Restoring): Promise<void> {
  const nodes = new Set(details.nodes.map(({ address }) => address))
  for (const { cluster_id, target_ips } of await cassy.rings(signal)) {
    if (!target_ips.some((address) => nodes.has(address))) continue
    // Of each node its newest alone, else a restore that Cassy forgot long ago would be in the way for ever.
    const newest = newestOf(await cassy.restoresOfRing(cluster_id, signal))
    const other = [...newest.values()].find((one) => nodes.has(one.target_ip) && isAtWork(one))
    if (other === undefined) continue
    throw new Failure({
      what: `Cassy was not asked to put back ${entry.title}`,
      why:
        `it says that it is at work on node ${other.target_ip}, on snapshot ${other.snapshot_id} since ` +
        `${new Date(other.created_at).toISOString()}; two restores of one node spoil each other`,
      next:
        'wait for its end (ListRestoreStatuses), then go on; where nothing of it runs on that node any more ' +
        "(pgrep -f cassy.command.RestoreCommand), Cassy has forgotten it: empty the node's data folder again, and " +
        `in Cassy's database: UPDATE restore_history SET status = 4 WHERE snapshot_id = '${other.snapshot_id}' ` +
        'AND status < 3',
    })
  }
}

function notBegun({ title }: DatabaseBackup, addresses: readonly string[]): Failure {
  return new Failure({
    what: `Cassy has not put back ${title}`,
    why: `it was asked, and has written down nothing of node ${addresses.join(', ')}`,
    next: "see Cassy's log, then go on: it is asked again for these nodes alone",
  })
}

function silent(address: string): Failure {
  return new Failure({
    what: `Cassy at ${address} does not tell what became of the restore`,
    why: 'it answers no more',
    next: 'see that Cassy runs, then go on: what it has begun is waited for, and not asked for twice',
  })
}
