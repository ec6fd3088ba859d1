import { messageOf } from '../../../operation/failure.ts'
import type { DatabaseBackup, OperationRecord } from '../../../operation/record.ts'
import type { Remains, RestoreDestination } from '../../databases/database.ts'
import type { Journal } from '../../journal/journal.ts'
import type { OperationContext } from '../../context/operation-context.ts'

type Surroundings = Pick<OperationContext<'restore' | 'undo'>, 'cluster' | 'events'> & { journal: Journal }

/**
 * Sees to it that a backup whose point a restore used up, which was then taken back, can be restored all the same: what holds
 * the point now is written into its record. Throws nothing, since it must not hide why the restore was taken back.
 * @param backup its operation
 * @param databases in the order of the backup's entries
 * @returns what is not as it was before, for people; also said as a warning
 */
export async function recordRemains(
  { cluster, events, journal }: Surroundings,
  backup: string,
  databases: readonly RestoreDestination[],
): Promise<string[]> {
  const lines: string[] = []
  for (const [index, database] of databases.entries()) {
    const line = await remainsOf(
      database,
      journal,
      async (entry) => cluster.writeRecord(withEntry(await cluster.readRecord(backup), index, entry)),
      backup,
    )
    if (line === undefined) continue
    events.say('note', line, { level: 'warning' })
    lines.push(line)
  }
  return lines
}

async function remainsOf(
  database: RestoreDestination,
  journal: Journal,
  write: (entry: DatabaseBackup) => Promise<void>,
  backup: string,
): Promise<string | undefined> {
  let remains: Remains | undefined
  try {
    remains = await database.remains?.(journal)
  } catch (error) {
    return `What became of the restore point in ${database.describe().title} could not be seen: ${messageOf(error)}.`
  }
  if (remains?.entry === undefined) return remains?.text
  try {
    await write(remains.entry)
    return `${remains.text} ${backup} is restored from them from now on.`
  } catch (error) {
    return `${remains.text} The record of ${backup} could not be told of them: ${messageOf(error)}.`
  }
}

function withEntry(record: OperationRecord, index: number, entry: DatabaseBackup): OperationRecord {
  const recorded = record.backup?.databases[index]
  if (record.backup === undefined || recorded?.kind !== entry.kind || recorded.snapshotAt !== entry.snapshotAt)
    throw new Error('it is of another backup by now')
  return { ...record, backup: { ...record.backup, databases: record.backup.databases.with(index, entry) } }
}
