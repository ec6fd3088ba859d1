import {
  CreateBackupCommand,
  DeleteTableCommand,
  ListBackupsCommand,
  RestoreTableToPointInTimeCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import type { Finding } from '../../../../operation/finding.ts'
import { messageOf } from '../../../../operation/failure.ts'
import { deniedAction, isDenied } from '../aws-error.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { limits } from '../../../aws/rate-limits.ts'
import { temporaryName } from '../scalardb/restored-names.ts'

/** A right that a call needs, and what AWS answered to a call that changes nothing. */
interface Probe {
  action: string
  denied: string | undefined
}

/** What a restore does to its target beside the restore itself (Using IAM with DynamoDB backup and restore). */
const onTarget = /^dynamodb:(BatchWriteItem|DeleteItem|GetItem|PutItem|Query|Scan|UpdateItem)$/

interface Asked {
  title: string
  /** tables of the backup, one of each key that encrypts them */
  tables: readonly string[]
  operation: string
  materialize: boolean
}

/**
 * The rights beyond reading: those that materializing needs, or of which a restore by this very role would be told too
 * late.
 */
export async function checkRights(
  client: DynamoDBClient,
  { title, tables, operation, materialize }: Asked,
): Promise<Finding[]> {
  const [table = ''] = tables
  const restore = await Promise.all(tables.map((one) => probeRestore(client, one)))
  if (!materialize)
    return [
      rightsFinding(
        'rights to restore',
        title,
        restore,
        'warning',
        '; the backup does not need it, but a restore will',
      ),
    ]
  // What a restore does to its target is done to temporary tables alone: nobody need have it on those in service.
  const ofSources = restore.filter(({ action }) => !onTarget.test(action))
  const probes = [...ofSources, ...(await probeTemporary(client, temporaryName(operation, table)))]
  return [rightsFinding('rights to materialize', title, probes, 'error', ', or omit --materialize')]
}

/**
 * Whether a table may be restored: asked for onto its own name, which is refused for being taken where the right is
 * there, or for want of such a table (AWS has no dry run of it). The rights that a restore needs of its target are
 * asked for with it.
 */
async function probeRestore(client: DynamoDBClient, table: string): Promise<Probe> {
  return await probe('dynamodb:RestoreTableToPointInTime', () =>
    client.send(
      new RestoreTableToPointInTimeCommand({
        SourceTableName: table,
        TargetTableName: table,
        UseLatestRestorableTime: true,
      }),
    ),
  )
}

/**
 * Whether a temporary table may be restored to, backed up and deleted: asked for while it does not exist.
 * @param temporary a name that nobody but this operation uses
 */
async function probeTemporary(client: DynamoDBClient, temporary: string): Promise<Probe[]> {
  if ((await lookAtTable(client, temporary)) !== undefined) return []
  return [
    await probeRestore(client, temporary),
    await probe('dynamodb:CreateBackup', () =>
      limits.createBackup.run(() =>
        client.send(new CreateBackupCommand({ TableName: temporary, BackupName: 'no-backup' })),
      ),
    ),
    await probe('dynamodb:ListBackups', () => client.send(new ListBackupsCommand({ TableName: temporary, Limit: 1 }))),
    await probe('dynamodb:DeleteTable', () => client.send(new DeleteTableCommand({ TableName: temporary }))),
  ]
}

/** Findings of probes: a right that is missing is an error where this operation needs it. */
function rightsFinding(
  check: string,
  subject: string,
  probes: readonly Probe[],
  outcome: 'error' | 'warning',
  otherwise: string,
): Finding {
  const missing = probes.filter(({ denied }) => denied !== undefined)
  if (missing.length === 0) return { check, subject, outcome: 'ok', message: actionsOf(probes) }
  return {
    check,
    subject,
    outcome,
    message: `${missing.map(({ denied }) => denied).join('; ')}`,
    cure: `allow ${actionsOf(missing)} in the IAM policy of the role or user${otherwise}`,
  }
}

function actionsOf(probes: readonly Probe[]): string {
  return [...new Set(probes.map(({ action }) => action))].join(', ')
}

async function probe(action: string, call: () => Promise<unknown>): Promise<Probe> {
  try {
    await call()
    return { action, denied: undefined }
  } catch (error) {
    return isDenied(error)
      ? { action: deniedAction(error) ?? action, denied: messageOf(error) }
      : { action, denied: undefined }
  }
}
