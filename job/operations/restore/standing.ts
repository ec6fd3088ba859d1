import { isDeepStrictEqual } from 'node:util'
import { endangered } from '../../../operation/outcome/endangered.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { DatabaseBackup, OperationRecord } from '../../../operation/record.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'
import { formatTime } from '../../../operation/time.ts'
import type { Deletion, FoundStanding, RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { withBackup } from '../../context/signing.ts'

// An operation that deletes tables may end the points of backups. The records of these backups say so before the first
// table goes, and afterwards what the database's service tells of each. Read refuseLosses, markEndangered,
// recordStandings.

type Context = Pick<
  OperationContext<'restore' | 'undo' | 'drop'>,
  'cluster' | 'events' | 'journal' | 'request' | 'signing'
>

/** The step after which records say that their points are in doubt. */
const markStep = (by: Deletion) => `mark backups that ${by} may end`

/**
 * Looks, changing nothing, whether the user has named every backup that a deletion ends.
 * @param kept the backup whose point outlives the deletion, since the operation keeps it
 * @throws Failure (exit code 4) naming those that were not
 */
export async function refuseLosses(
  { cluster, journal, request }: Context,
  databases: readonly RestoredData[],
  by: Deletion,
  kept?: string,
): Promise<void> {
  if (journal.begun(markStep(by))) return
  const lost = (await endangeredBy(cluster, databases, by)).filter(({ operation }) => operation !== kept)
  const unnamed = lost.map(({ backup }) => backup.name).filter((name) => request.loseBackups?.includes(name) !== true)
  if (unnamed.length === 0) return
  throw new Failure(
    {
      what: `${request.operation} was not begun, nothing was touched`,
      why: `it deletes tables whose past is all that is left of ${namesOf(unnamed)}`,
      next:
        `keep what you need: kubectl scalardl materialize backup ${unnamed.join(' ')} -n ${request.namespace}; ` +
        `or agree to the loss: ${unnamed.map((name) => `--lose-backup ${name}`).join(' ')}`,
    },
    { exitCode: ExitCode.declined },
  )
}

/** Records every backup that a deletion may end as in doubt, before the first table goes. */
export async function markEndangered(
  context: Context,
  databases: readonly RestoredData[],
  by: Deletion,
): Promise<void> {
  const { cluster, journal, request } = context
  const act = async () => {
    const marked = await endangeredBy(cluster, databases, by)
    const standing = {
      state: 'in doubt' as const,
      since: formatTime(Date.now()),
      by: request.operation,
      why: `${request.operation} deletes tables whose past it is`,
    }
    for (const { operation } of marked)
      await change(context, operation, (entry) => (isEndedBy(databases, by, entry) ? { ...entry, standing } : entry))
    return marked.map(({ operation }) => operation)
  }
  await journal.once(markStep(by), act)
}

/**
 * Records what has become of the operation's own backup and of all that are in doubt. What cannot be asked stays in
 * doubt. Never throws, since it must not hide how the operation itself ended.
 * @param about operation of the backup that was restored
 * @returns what was lost or is held in another way than before, for people; also said as events
 */
export async function recordStandings(
  context: Context,
  about: string,
  databases: readonly RestoredData[],
): Promise<string[]> {
  const { cluster, events } = context
  const lines: string[] = []
  const say = ({ line, level = 'warning' }: Told) => {
    events.say('note', line, { level })
    lines.push(line)
  }
  try {
    for (const record of await cluster.records((one) => one.operation === about || isInDoubt(one))) {
      const told = await settleStanding(context, record, databases).catch((error: unknown) => ({
        line: `What became of ${record.operation} could not be seen: ${messageOf(error)}.`,
      }))
      if (told !== undefined) say(told)
    }
  } catch (error) {
    say({ line: `What became of the backups in doubt could not be recorded: ${messageOf(error)}.` })
  }
  return lines
}

/** A line for people, a warning unless said otherwise. */
interface Told {
  line: string
  level?: 'info' | 'warning'
}

/** Records the standing of one backup. @returns what to say where it has changed */
async function settleStanding(
  context: Context,
  { operation, backup }: OperationRecord,
  databases: readonly RestoredData[],
): Promise<Told | undefined> {
  let told: Told | undefined
  const now = new Map<DatabaseBackup, DatabaseBackup>()
  for (const entry of backup?.databases ?? []) {
    for (const database of databases) {
      const found = await database.standing?.(entry)
      if (found === undefined) continue
      const then = standingSince(entry, found, context.request.operation)
      now.set(entry, then)
      if (then.standing !== undefined && then.standing.state !== entry.standing?.state)
        told = {
          line: `${operation} is ${found.state}: ${found.why}.`,
          level: found.state === 'lost' ? 'warning' : 'info',
        }
      break
    }
  }
  if ([...now].some(([entry, then]) => !isDeepStrictEqual(entry, then)))
    await change(context, operation, (entry) => {
      const [, then] = [...now].find(([seen]) => isDeepStrictEqual(seen, entry)) ?? []
      return then ?? entry
    })
  return told
}

/**
 * An entry with its present standing. An unchanged state keeps its time and cause; a backup as it was made has none.
 */
function standingSince(
  { standing: before, ...recorded }: DatabaseBackup,
  { state, why, entry }: FoundStanding,
  by: string,
): DatabaseBackup {
  if (before?.state === state && entry === undefined) return { ...recorded, standing: before }
  if (state !== 'lost' && entry === undefined) return recorded
  return { ...(entry ?? recorded), standing: { state, since: formatTime(Date.now()), by, why } }
}

function isInDoubt(record: OperationRecord): boolean {
  return isFinal(record) && record.backup?.databases.some(({ standing }) => standing?.state === 'in doubt') === true
}

function isEndedBy(databases: readonly RestoredData[], by: Deletion, entry: DatabaseBackup): boolean {
  return databases.some((database) => database.ends?.(by, entry) === true)
}

async function endangeredBy(cluster: Context['cluster'], databases: readonly RestoredData[], by: Deletion) {
  const ends = (entry: DatabaseBackup) => isEndedBy(databases, by, entry)
  return endangered(await cluster.records((record) => endangered([record], ends).length > 0), ends)
}

/** Changes the databases of a backup's record, which is read again right before. */
async function change(
  { cluster, signing }: Pick<Context, 'cluster' | 'signing'>,
  operation: string,
  to: (entry: DatabaseBackup) => DatabaseBackup,
): Promise<void> {
  const record = await cluster.readRecord(operation)
  if (record.backup === undefined) return
  const backup = { ...record.backup, databases: record.backup.databases.map(to) }
  await cluster.writeRecord(withBackup({ ...record, backup: record.backup }, backup, signing))
}

function namesOf(names: readonly string[]): string {
  return `${names.length === 1 ? 'backup' : 'the backups'} ${names.join(', ')}`
}
