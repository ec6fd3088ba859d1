import type { BackupSummary } from '@aws-sdk/client-dynamodb'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Events } from '../../../process/events.ts'
import type { Journal } from '../../../journal/journal.ts'
import { backUpPoint, restoreStep } from './back-up-point.ts'
import { backupWatch, type BackupWatch } from './backup-watch.ts'
import type { Clients } from '../clients.ts'
import { ensureOwnDeleted } from '../tables/delete-table.ts'
import { readDetails, type BackedUpTable } from '../details.ts'
import { isRestoredFrom, type RestoreFrom } from '../tables/look-at-table.ts'
import { forEachTable } from '../restore/restore-work.ts'
import { temporaryName } from '../scalardb/restored-names.ts'
import { ensureBackupDeleted } from './table-backup.ts'
import { partProgress } from '../../point-in-time/progress.ts'

interface OperationTools {
  clients: Clients
  /** of the backup; what is made is named after it and its point */
  operation: string
  signal: AbortSignal
}

type Materials = NonNullable<BackedUpTable['materialized']>

/**
 * Turns a restore point into on-demand backups, which outlive the window of recovery and the tables themselves.
 * @returns the backup's entry with the backups' ARNs
 */
export async function materialize(
  backup: DatabaseBackup,
  { clients, operation, signal, events, journal }: OperationTools & { events: Events; journal: Journal },
): Promise<DatabaseBackup> {
  const details = readDetails(backup)
  const missing = details.tables.filter(({ materialized }) => materialized === undefined)
  const { mark, at } = pointOf(backup, operation)
  const watch = watchOf(clients, backup, operation)
  const progress = partProgress(events, new Map(missing.map(({ name, bytes }) => [name, bytes])))
  const materials = new Map<string, Materials>()
  try {
    await forEachTable(missing, signal, async (table, either) => {
      const temporary = temporaryName(mark, table.name)
      const from: RestoreFrom = { tableArn: table.arn, at }
      const { dynamo } = clients
      // Only an earlier worker can have come so far; its temporary table may be gone already, and must not be restored
      // again.
      const made = journal.begun(restoreStep({ table, temporary })) ? availableIn(await watch(temporary)) : undefined
      if (made === undefined)
        await backUpPoint({ dynamo, watch, progress, journal, signal: either }, { table, from, temporary })
      progress.enter(table.name, 'deleting the temporary table')
      await journal.ensure(`delete ${temporary}`, () =>
        ensureOwnDeleted(dynamo, temporary, (found) => isRestoredFrom(found, from), either),
      )
      materials.set(table.name, await onlyOne(clients, watch, temporary, either))
      progress.done(table.name)
    })
  } finally {
    progress.end()
  }
  const tables = details.tables.map((table) => ({ ...table, ...materialsOf(materials.get(table.name)) }))
  const serviceBackups = tables.filter(({ materialized }) => materialized !== undefined).length
  return {
    ...backup,
    serviceBackups,
    details: JSON.parse(JSON.stringify({ ...details, tables })) as DatabaseBackup['details'],
  }
}

/** Removes what an unfinished materializing made: temporary tables, and backups that no record will tell of. */
export async function discardMaterials(
  backup: DatabaseBackup,
  { clients, operation, signal }: OperationTools,
): Promise<void> {
  const { mark, at } = pointOf(backup, operation)
  const watch = watchOf(clients, backup, operation)
  const tables = readDetails(backup).tables.filter(({ materialized }) => materialized === undefined)
  await forEachTable(tables, signal, async ({ name, arn }, either) => {
    const temporary = temporaryName(mark, name)
    await ensureOwnDeleted(clients.dynamo, temporary, (found) => isRestoredFrom(found, { tableArn: arn, at }), either)
    for (const { BackupArn: backupArn } of await watch(temporary))
      if (backupArn !== undefined) await ensureBackupDeleted(clients.dynamo, backupArn, either)
  })
}

function pointOf(backup: DatabaseBackup, operation: string): { mark: string; at: Date } {
  const { snapshotAt = '' } = backup
  return { mark: `${operation}@${snapshotAt}`, at: new Date(snapshotAt) }
}

function watchOf(clients: Clients, backup: DatabaseBackup, operation: string): BackupWatch {
  const { mark, at } = pointOf(backup, operation)
  return backupWatch(clients.dynamo, at.getTime(), temporaryName(mark, ''))
}

function availableIn(found: readonly BackupSummary[]): Materials | undefined {
  const one = found.find(({ BackupStatus: status }) => status === 'AVAILABLE')
  return one?.BackupArn === undefined ? undefined : { backupArn: one.BackupArn, bytes: one.BackupSizeBytes ?? 0 }
}

/**
 * The backup that stays. Where an answer was lost and the call made again there is another, which nobody would know of.
 */
async function onlyOne(clients: Clients, watch: BackupWatch, name: string, signal: AbortSignal): Promise<Materials> {
  const found = await watch(name)
  const kept = availableIn(found)
  if (kept === undefined) throw new Error(`backup ${name} has vanished`)
  for (const { BackupArn: arn } of found)
    if (arn !== undefined && arn !== kept.backupArn) await ensureBackupDeleted(clients.dynamo, arn, signal)
  return kept
}

function materialsOf(materialized: Materials | undefined): { materialized?: Materials } {
  return materialized === undefined ? {} : { materialized }
}
