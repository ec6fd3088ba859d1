import {
  RestoreTableFromBackupCommand,
  RestoreTableToPointInTimeCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { Failure } from '../../../../operation/failure.ts'
import { isRestoredFrom, isSteady, lookAtTable, originOf, type RestoreFrom } from '../tables/look-at-table.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { limits } from '../../../aws/rate-limits.ts'
import { restoreForm, type SourceForm } from './restore-form.ts'
import { describeBackup } from '../backup/table-backup.ts'
import type { TableSettings } from '../settings/table-settings.ts'
import { untilShown } from '../../../aws/eventual-consistency.ts'
import { onceAllowed, until } from '../../../aws/polling.ts'

/** Where tables are restored to, and where from: the same region, unless another was asked for. */
export interface RestoreTools {
  dynamo: DynamoDBClient
  source: DynamoDBClient
  signal: AbortSignal
}

/** One table to be restored. */
export interface TableRestore {
  name: string
  from: RestoreFrom
  /** what it is to be like in the end; a restore is told as much of it as it can be */
  expected: TableSettings
}

/**
 * Begins the restore of a table, unless that was done already: what a table was restored from AWS keeps with it, so a
 * lost answer or a worker that was replaced does no harm.
 * @throws Failure where another table has its name
 */
export async function ensureRestoreBegun(
  { dynamo, source, signal }: RestoreTools,
  { name, from, expected }: TableRestore,
): Promise<void> {
  await onceAllowed(async () => {
    if ((await ours(dynamo, name, from)) !== undefined) return
    const overrides = restoreForm(expected, await sourceForm(source, from))
    try {
      if ('backupArn' in from) {
        const restore = new RestoreTableFromBackupCommand({
          TargetTableName: name,
          BackupArn: from.backupArn,
          ...overrides,
        })
        await limits.restoreTableFromBackup.run(() => dynamo.send(restore), signal)
      } else {
        await dynamo.send(
          new RestoreTableToPointInTimeCommand({
            TargetTableName: name,
            SourceTableArn: from.tableArn,
            RestoreDateTime: from.at,
            ...overrides,
          }),
        )
      }
    } catch (error) {
      if (nameOf(error) !== 'TableAlreadyExistsException') throw error
      // Only AWS's refusal tells that the name is taken: a look may still show a table that is gone, or not yet ours.
      if ((await untilShown(() => ours(dynamo, name, from), signal)) === undefined)
        throw taken(name, await lookAtTable(dynamo, name))
    }
  }, signal)
}

/** Waits until a restored table is ready, with the indexes that it was restored with. */
export async function untilRestored(
  { dynamo, signal }: RestoreTools,
  { name, from }: TableRestore,
): Promise<TableDescription> {
  return await until(async () => {
    const found = await untilShown(() => ours(dynamo, name, from), signal)
    if (found === undefined) throw gone(name)
    if (found.TableStatus === 'INACCESSIBLE_ENCRYPTION_CREDENTIALS') throw locked(name)
    return isSteady(found) && found.RestoreSummary?.RestoreInProgress !== true ? found : undefined
  }, signal)
}

/**
 * The table of that name, where it is what this restore makes of it. One that is going away is waited for: AWS says
 * that it is in use.
 */
async function ours(client: DynamoDBClient, name: string, from: RestoreFrom): Promise<TableDescription | undefined> {
  const found = await lookAtTable(client, name)
  return found !== undefined && found.TableStatus !== 'DELETING' && isRestoredFrom(found, from) ? found : undefined
}

function taken(name: string, found: TableDescription | undefined): Failure {
  return new Failure({
    what: `${name} cannot be restored`,
    why: `there is a table of that name${found === undefined ? '' : `: ${originOf(found)}`}`,
    next: 'choose another prefix with --prefix, or remove that table if nothing needs it',
  })
}

/** What a restore takes over unless told otherwise: from the source table as it stands now, or from the backup. */
async function sourceForm(client: DynamoDBClient, from: RestoreFrom): Promise<SourceForm> {
  if ('backupArn' in from) {
    const features = (await describeBackup(client, from.backupArn))?.SourceTableFeatureDetails
    return { globalIndexes: features?.GlobalSecondaryIndexes ?? [], encryption: features?.SSEDescription }
  }
  const table = await lookAtTable(client, from.tableArn)
  const indexes = (table?.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => ({
    IndexName,
    KeySchema,
    Projection,
  }))
  return { globalIndexes: indexes, encryption: table?.SSEDescription }
}

function gone(name: string): Failure {
  return new Failure({
    what: `${name} was not restored`,
    why: 'it vanished while it was being restored',
    next: 'find out in CloudTrail who deleted it, or what AWS says of the restore, and restore again',
  })
}

function locked(name: string): Failure {
  return new Failure({
    what: `${name} cannot be used`,
    why: 'DynamoDB may not use the key that encrypts it',
    next: 'give DynamoDB access to the KMS key again, or choose another with --kms-key',
  })
}
