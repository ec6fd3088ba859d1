import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { checkRights, checkRing } from '../backup/preflight.ts'
import type { CqlSession, RingMember, RingView } from '../cql.ts'
import { readDetails, type Details } from '../details.ts'
import type { Notes } from './hand-over-notes.ts'
import type { RingNow } from './with-ring.ts'

/** Looks at all that can be seen of an administrator's restore, and says what cannot. */
export async function checkDone(
  entry: DatabaseBackup,
  notes: Notes | undefined,
  { session, view, found, pods, signal }: RingNow,
): Promise<Finding[]> {
  const { title } = entry
  const details = readDetails(entry)
  const rights = await checkRights(title, pods, { at: details, medusa: undefined, signal })
  if (rights.outcome === 'error') return [rights]
  const nodes = checkRing(title, view, found).filter(({ check }) => check === 'cassandra nodes')
  if (nodes.some(({ outcome }) => outcome === 'error')) return nodes
  return [
    ...nodes,
    ...checkTokens(title, view, details),
    ...checkRestarts(title, notes, found.nodes),
    ...(await checkSchema(entry, details, session, view)),
    ...(await checkWitnesses(title, notes, session)),
    {
      check: 'cassandra, not seen',
      subject: title,
      outcome: 'warning',
      message:
        `whether every node has the files of ${details.tag}, and whether nodetool repair has run, ` +
        'cannot be seen from here: you vouch for it',
    },
  ]
}

/** One text for the tokens of a node, whose order says nothing. */
export const tokensOf = (tokens: readonly string[]) => [...tokens].sort().join(',')

/** Whether the ring has, on its nodes, the tokens of the backup: a snapshot of other tokens is of other rows. */
export function checkTokens(
  title: string,
  { members }: RingView,
  { nodes }: { nodes: readonly Pick<RingMember, 'address' | 'tokens'>[] },
): Finding[] {
  const of = { check: 'cassandra tokens', subject: title }
  const now = new Set(members.map(({ tokens }) => tokensOf(tokens)))
  const lacking = nodes.filter(({ tokens }) => !now.has(tokensOf(tokens)))
  if (lacking.length === 0 && members.length === nodes.length)
    return [{ ...of, outcome: 'ok', message: 'the ring has the nodes and tokens of the backup' }]
  const who = lacking.map(({ address }) => `node ${address} of the backup`).join(', ')
  return [
    {
      ...of,
      outcome: 'error',
      message:
        lacking.length === 0
          ? `the ring has ${members.length} nodes, the backup ${nodes.length}`
          : `no node of the ring has the tokens of ${who}`,
      cure: 'give every node the tokens of the node whose snapshot it gets (initial_token), and have no other node',
    },
  ]
}

/** Whether every node was started since the restore was handed over: files are put back while it stands still. */
export function checkRestarts(
  title: string,
  notes: Notes | undefined,
  nodes: readonly { hostId: string; address: string; pod?: string; generation: number | undefined }[],
): Finding[] {
  const of = { check: 'cassandra restarts', subject: title }
  const before = new Map((notes?.nodes ?? []).map(({ hostId, generation }) => [hostId, generation]))
  if (before.size === 0)
    return [
      {
        ...of,
        outcome: 'warning',
        message: 'its nodes could not be asked when it was handed over: whether each was restarted cannot be told',
      },
    ]
  const same = nodes.filter(({ hostId, generation }) => generation !== undefined && before.get(hostId) === generation)
  if (same.length === 0) return [{ ...of, outcome: 'ok', message: 'every node was started since the hand-over' }]
  const named = same.map(({ address, pod }) => `node ${address}${pod === undefined ? '' : ` (${pod})`}`)
  return [
    {
      ...of,
      outcome: 'error',
      message: `not stopped since the hand-over: ${named.join(', ')}`,
      cure: 'stop each, put its snapshot back and start it; to give the restore up instead: --undo',
    },
  ]
}

/** Whether every table of the backup is there, and its schema is the recorded one. */
export async function checkSchema(
  { title, tables }: DatabaseBackup,
  { schema }: Pick<Details, 'schema'>,
  session: CqlSession,
  view: RingView,
): Promise<Finding[]> {
  const of = { check: 'cassandra schema', subject: title }
  const there = new Set(view.tables.map((table) => `${table.schema}.${table.name}`))
  const missing = tables.map((table) => `${table.schema}.${table.name}`).filter((name) => !there.has(name))
  if (missing.length > 0)
    return [
      {
        ...of,
        outcome: 'error',
        message: `not there: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', and more' : ''}`,
        cure: 'make them from the schema in the record, then put their files back and run nodetool refresh',
      },
    ]
  const now = schema === undefined ? undefined : await session.describe()
  const changed = now === undefined ? [] : (schema ?? []).filter((statement) => !now.includes(statement))
  const [first] = changed
  if (first === undefined)
    return [{ ...of, outcome: 'ok', message: `all ${tables.length} tables of the backup are there` }]
  return [
    {
      ...of,
      outcome: 'warning',
      message: `${changed.length} definitions are not those of the backup, as ${first.split('\n')[0]?.slice(0, 120)}`,
    },
  ]
}

/** Whether the data is of before the restore point: transactions of after it are gone, those of before are there. */
export async function checkWitnesses(title: string, notes: Notes | undefined, session: CqlSession): Promise<Finding[]> {
  const of = { check: 'cassandra data', subject: title }
  const cure = 'put the snapshot back on every node, and run nodetool repair; then go on again'
  let seen = 0
  for (const { keyspace, before, after } of notes?.witnesses ?? []) {
    for (const [ids, wanted] of [
      [after, false],
      [before, true],
    ] as const)
      for (const id of ids) {
        seen += 1
        if ((await session.hasTransaction(keyspace, id)) === wanted) continue
        const message = wanted
          ? `transaction ${id} of before the restore point is not in ${keyspace}.state`
          : `transaction ${id} of after the restore point is still in ${keyspace}.state: that is not the backup's data`
        return [{ ...of, outcome: 'error', message, cure }]
      }
  }
  if (seen === 0)
    return [
      {
        ...of,
        outcome: 'warning',
        message: 'no transaction was noted that tells the data of the backup from any other',
      },
    ]
  return [{ ...of, outcome: 'ok', message: `${seen} transactions are there or gone as the restore point has it` }]
}
