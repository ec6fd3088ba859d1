import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Failure } from '../../../../operation/failure.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { DatabaseContext } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { accessOf, inRegion } from '../access.ts'
import { awsFailure } from '../aws-error.ts'
import { openClients } from '../clients.ts'
import { readDetails } from '../details.ts'
import { forEachTable } from '../restore/restore-work.ts'
import { isTemporaryName } from '../scalardb/restored-names.ts'
import { describeBackup, ensureBackupDeleted } from './table-backup.ts'
import { partProgress } from '../../point-in-time/progress.ts'

/** How long AWS may be out of reach, ms; whoever deletes can do so again. */
const patienceMs = 60_000

/**
 * Whether a backup is one that we made of this table: of a temporary table of ours, and called like it.
 * @throws Failure for any other
 */
async function refuseForeign(dynamo: DynamoDBClient, arn: string, table: string): Promise<void> {
  const found = await describeBackup(dynamo, arn)
  if (found === undefined) return
  const name = found.BackupDetails?.BackupName ?? ''
  const source = found.SourceTableDetails?.TableName ?? ''
  if (name === source && isTemporaryName(name, table)) return
  throw new Failure({
    what: `the DynamoDB backup ${arn} is not deleted`,
    why: `it is "${name}" of table ${source}, none that was made for a backup of ${table}`,
    next: "look who wrote the record; forget it with --keep-data, and delete by AWS's own means what is yours",
  })
}

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
  const progress = partProgress(events, new Map(materialized.map(({ name, bytes }) => [name, bytes])))
  try {
    await forEachTable(
      materialized,
      signal,
      async ({ name, materialized: { backupArn } = { backupArn: '' } }, either) => {
        await refuseForeign(dynamo, backupArn, name)
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
