import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { DatabaseContext } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { accessOf, inRegion } from '../access.ts'
import { awsFailure } from '../aws-error.ts'
import { openClients } from '../clients.ts'
import { readDetails } from '../details.ts'
import { forEachTable } from '../restore/restore-work.ts'
import { ensureBackupDeleted } from './table-backup.ts'
import { tableProgress } from '../tables/table-progress.ts'

/** How long AWS may be out of reach, ms; whoever deletes can do so again. */
const patienceMs = 60_000

/** Deletes the on-demand backups that a restore point was turned into; its tables' own past stays AWS's. */
export async function removeBackup(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  { events, signal }: DatabaseContext,
): Promise<void> {
  const details = readDetails(entry)
  const { region, tables } = details
  const materialized = tables.filter((table) => table.materialized !== undefined)
  const access = inRegion(accessOf(settings), region, details)
  const { dynamo, close } = openClients(access, { patienceMs, signal })
  const progress = tableProgress(events, new Map(materialized.map(({ name, bytes }) => [name, bytes])))
  try {
    await forEachTable(
      materialized,
      signal,
      async ({ name, materialized: { backupArn } = { backupArn: '' } }, either) => {
        await ensureBackupDeleted(dynamo, backupArn, either)
        progress.done(name)
      },
    )
  } catch (error) {
    signal.throwIfAborted()
    throw awsFailure(`the backups of ${entry.title} could not all be deleted`, access, error)
  } finally {
    progress.end()
    close()
  }
}
