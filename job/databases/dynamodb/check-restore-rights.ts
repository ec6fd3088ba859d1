import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling'
import {
  CreateBackupCommand,
  DeleteBackupCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  ListBackupsCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  RestoreTableFromBackupCommand,
  RestoreTableToPointInTimeCommand,
  ScanCommand,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { messageOf } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import { isDenied } from './aws-error.ts'
import type { Clients } from './clients.ts'
import type { TableSettings } from './table-settings.ts'

/** What a restore will do, as far as rights are concerned. */
export interface RightsNeeded {
  title: string
  clients: Clients
  account: string
  region: string
  /** a name among those that the restore makes, or like them */
  target: string
  /** a table that is there: a restore onto its name is refused for that, where it is not for want of a right */
  taken: string | undefined
  settings: readonly TableSettings[]
  /** whether it makes backups on the way, and restores from them */
  byBackup: boolean
}

type Probe = [action: string, call: () => Promise<unknown>]

/**
 * Whether every call of a restore would be allowed. AWS has no dry run, so each is made on a table that does not exist, or onto
 * a name that is taken: it is refused in any case, for want of the right or for that.
 */
export async function checkRestoreRights(needed: RightsNeeded): Promise<Finding> {
  const refused = await Promise.all(
    probes(needed).map(async ([action, call]) => {
      try {
        await call()
        return []
      } catch (error) {
        return isDenied(error) ? [{ action, why: messageOf(error) }] : []
      }
    }),
  )
  const missing = refused.flat()
  const check = { check: 'rights at AWS', subject: needed.title }
  if (missing.length === 0) return { ...check, outcome: 'ok', message: 'every call that the restore makes is allowed' }
  return {
    ...check,
    outcome: 'error',
    message: missing.map(({ why }) => why).join('; '),
    cure: `allow ${missing.map(({ action }) => action).join(', ')} in the IAM policy of the role or user, or give others by --database-secret`,
  }
}

function probes({ clients: { dynamo, autoscaling }, account, region, target, taken, settings, byBackup }: RightsNeeded): Probe[] {
  const name = `${target.slice(0, 240)}.not-there`
  const arn = `arn:aws:dynamodb:${region}:${account}:table/${name}`
  const backupArn = `${arn}/backup/01489602797149-73d8d5bc`
  const some = (has: (one: TableSettings) => boolean): boolean => settings.some(has)
  const row = { Key: { table: { S: 'none' } } }
  return [
    ...(taken === undefined
      ? []
      : ([['dynamodb:RestoreTableToPointInTime', () => dynamo.send(new RestoreTableToPointInTimeCommand({ SourceTableName: taken, TargetTableName: taken, UseLatestRestorableTime: true }))]] satisfies Probe[])),
    ['dynamodb:UpdateTable', () => dynamo.send(new UpdateTableCommand({ TableName: name, DeletionProtectionEnabled: false }))],
    ['dynamodb:DeleteTable', () => dynamo.send(new DeleteTableCommand({ TableName: name }))],
    ['dynamodb:UpdateContinuousBackups', () => dynamo.send(new UpdateContinuousBackupsCommand({ TableName: name, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }))],
    ...(some((one) => one.timeToLive !== undefined) ? ([['dynamodb:UpdateTimeToLive', () => dynamo.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: { Enabled: true, AttributeName: 'none' } }))]] satisfies Probe[]) : []),
    ...(some((one) => one.tags.length > 0) ? ([['dynamodb:TagResource', () => dynamo.send(new TagResourceCommand({ ResourceArn: arn, Tags: [{ Key: 'none', Value: '' }] }))]] satisfies Probe[]) : []),
    ...(some((one) => one.resourcePolicy !== undefined) ? ([['dynamodb:PutResourcePolicy', () => dynamo.send(new PutResourcePolicyCommand({ ResourceArn: arn, Policy: '{}' }))]] satisfies Probe[]) : []),
    ...(some((one) => one.autoscaling.length > 0) ? ([['application-autoscaling:RegisterScalableTarget', () => autoscaling.send(new RegisterScalableTargetCommand(impossible(name)))]] satisfies Probe[]) : []),
    ...(byBackup
      ? ([
          ['dynamodb:CreateBackup', () => dynamo.send(new CreateBackupCommand({ TableName: name, BackupName: 'not-there' }))],
          ['dynamodb:ListBackups', () => dynamo.send(new ListBackupsCommand({ TableName: name, Limit: 1 }))],
          ['dynamodb:RestoreTableFromBackup', () => dynamo.send(new RestoreTableFromBackupCommand({ TargetTableName: taken ?? name, BackupArn: backupArn }))],
          ['dynamodb:DeleteBackup', () => dynamo.send(new DeleteBackupCommand({ BackupArn: backupArn }))],
        ] satisfies Probe[])
      : ([
          ['dynamodb:Scan', () => dynamo.send(new ScanCommand({ TableName: name, Limit: 1 }))],
          ['dynamodb:PutItem', () => dynamo.send(new PutItemCommand({ TableName: name, Item: row.Key }))],
          ['dynamodb:DeleteItem', () => dynamo.send(new DeleteItemCommand({ TableName: name, ...row }))],
        ] satisfies Probe[])),
  ]
}

/** Refused as invalid where it is allowed: the least is more than the most. */
function impossible(table: string) {
  return { ServiceNamespace: 'dynamodb', ResourceId: `table/${table}`, ScalableDimension: 'dynamodb:table:ReadCapacityUnits', MinCapacity: 2, MaxCapacity: 1 } as const
}
