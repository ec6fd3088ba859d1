import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling'
import {
  CreateBackupCommand,
  DeleteBackupCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeBackupCommand,
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
import { messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import { deniedAction, isDenied } from '../aws-error.ts'
import type { Clients } from '../clients.ts'
import type { TableSettings } from '../settings/table-settings.ts'

/** What a restore will do, as far as rights are concerned. */
export interface RightsNeeded {
  title: string
  clients: Clients
  /** ARN of any table of the backup: partition and account of all */
  arn: string
  region: string
  /** a name among those that the restore makes, or like them */
  target: string
  /** tables that are there: a restore onto the name of one is refused for that, where it is not for want of a right */
  taken: readonly TakenTable[]
  /** a table that it deletes and restores under its name */
  replaced?: string
  settings: readonly TableSettings[]
  /** whether it restores from backups */
  fromBackups: boolean
  /** whether it makes backups on the way */
  makesBackups: boolean
  /** whether it rewrites rows */
  rewritesRows: boolean
}

interface TakenTable {
  name: string
  /** the key that encrypts what is restored of it, where that is another than its own */
  kmsKey?: string | undefined
}

type Probe = [action: string, call: () => Promise<unknown>]

/**
 * Whether every call of a restore would be allowed. AWS has no dry run, so each is made on a table that does not exist,
 * or onto a name that is taken: it is refused in any case, for want of the right or for that.
 */
export async function checkRestoreRights(needed: RightsNeeded): Promise<Finding> {
  const check = { check: 'rights at AWS', subject: needed.title }
  const told = (missing: readonly Missing[]) => ({
    message: missing.map(({ why }) => why).join('; '),
    cure:
      `allow ${[...new Set(missing.map(({ action }) => action))].join(', ')} in the IAM policy of the role or user, ` +
      'or give others by --database-secret',
  })
  const missing = await missingOf(probes(needed))
  if (missing.length > 0) return { ...check, outcome: 'error', ...told(missing) }
  // a policy that names tables in full allows them, but nothing whose name only begins like theirs
  const unsure = needed.replaced === undefined ? [] : await missingOf(tableProbes(needed, missingName(needed.replaced)))
  if (unsure.length > 0) {
    const { message, cure } = told(unsure)
    return {
      ...check,
      outcome: 'warning',
      message: `tables to be replaced may be out of reach, unless the policy names each in full: ${message}`,
      cure,
    }
  }
  return { ...check, outcome: 'ok', message: 'every call that the restore makes is allowed' }
}

type Missing = { action: string; why: string }

/** Of these calls, which change nothing, those that AWS refuses for want of a right. */
export async function missingOf(all: readonly Probe[]): Promise<Missing[]> {
  const refused = await Promise.all(
    all.map(async ([action, call]) => {
      try {
        await call()
        return []
      } catch (error) {
        return isDenied(error) ? [{ action: deniedAction(error) ?? action, why: messageOf(error) }] : []
      }
    }),
  )
  return refused.flat()
}

/** A name like another, of no table. */
function missingName(like: string): string {
  return `${like.slice(0, 240)}.not-there`
}

function probes(needed: RightsNeeded): Probe[] {
  const {
    clients: { dynamo },
    target,
    taken,
    replaced,
    fromBackups,
    makesBackups,
    rewritesRows,
  } = needed
  const name = missingName(target)
  const backupArn = `${arnOf(needed, name)}/backup/01489602797149-73d8d5bc`
  const row = { Key: { table: { S: 'none' } } }
  return [
    ...taken.map(({ name: present, kmsKey }): Probe => [
      'dynamodb:RestoreTableToPointInTime',
      () =>
        dynamo.send(
          new RestoreTableToPointInTimeCommand({
            SourceTableName: present,
            TargetTableName: present,
            UseLatestRestorableTime: true,
            ...(kmsKey === undefined
              ? {}
              : { SSESpecificationOverride: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: kmsKey } }),
          }),
        ),
    ]),
    ...tableProbes(needed, name),
    ...(makesBackups
      ? ([
          [
            'dynamodb:CreateBackup',
            () => dynamo.send(new CreateBackupCommand({ TableName: name, BackupName: 'not-there' })),
          ],
          ['dynamodb:ListBackups', () => dynamo.send(new ListBackupsCommand({ TableName: name, Limit: 1 }))],
          ['dynamodb:DeleteBackup', () => dynamo.send(new DeleteBackupCommand({ BackupArn: backupArn }))],
        ] satisfies Probe[])
      : []),
    ...(fromBackups
      ? ([
          ['dynamodb:DescribeBackup', () => dynamo.send(new DescribeBackupCommand({ BackupArn: backupArn }))],
          [
            'dynamodb:RestoreTableFromBackup',
            () =>
              dynamo.send(
                new RestoreTableFromBackupCommand({ TargetTableName: replaced ?? name, BackupArn: backupArn }),
              ),
          ],
        ] satisfies Probe[])
      : []),
    ...(rewritesRows
      ? ([
          ['dynamodb:Scan', () => dynamo.send(new ScanCommand({ TableName: name, Limit: 1 }))],
          ['dynamodb:PutItem', () => dynamo.send(new PutItemCommand({ TableName: name, Item: row.Key }))],
          ['dynamodb:DeleteItem', () => dynamo.send(new DeleteItemCommand({ TableName: name, ...row }))],
        ] satisfies Probe[])
      : []),
  ]
}

/** What is done to every table that a restore makes or replaces. */
function tableProbes(needed: RightsNeeded, name: string): Probe[] {
  const {
    clients: { dynamo, autoscaling },
    settings,
  } = needed
  const arn = arnOf(needed, name)
  const some = (has: (one: TableSettings) => boolean): boolean => settings.some(has)
  return [
    [
      'dynamodb:UpdateTable',
      () => dynamo.send(new UpdateTableCommand({ TableName: name, DeletionProtectionEnabled: false })),
    ],
    ['dynamodb:DeleteTable', () => dynamo.send(new DeleteTableCommand({ TableName: name }))],
    [
      'dynamodb:UpdateContinuousBackups',
      () =>
        dynamo.send(
          new UpdateContinuousBackupsCommand({
            TableName: name,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ),
    ],
    ...(some((one) => one.timeToLive !== undefined)
      ? ([
          [
            'dynamodb:UpdateTimeToLive',
            () =>
              dynamo.send(
                new UpdateTimeToLiveCommand({
                  TableName: name,
                  TimeToLiveSpecification: { Enabled: true, AttributeName: 'none' },
                }),
              ),
          ],
        ] satisfies Probe[])
      : []),
    ...(some((one) => one.tags.length > 0)
      ? ([
          [
            'dynamodb:TagResource',
            () => dynamo.send(new TagResourceCommand({ ResourceArn: arn, Tags: [{ Key: 'none', Value: '' }] })),
          ],
        ] satisfies Probe[])
      : []),
    ...(some((one) => one.resourcePolicy !== undefined)
      ? ([
          [
            'dynamodb:PutResourcePolicy',
            () => dynamo.send(new PutResourcePolicyCommand({ ResourceArn: arn, Policy: '{}' })),
          ],
        ] satisfies Probe[])
      : []),
    ...(some((one) => one.autoscaling.length > 0)
      ? ([
          [
            'application-autoscaling:RegisterScalableTarget',
            () => autoscaling.send(new RegisterScalableTargetCommand(impossible(name))),
          ],
        ] satisfies Probe[])
      : []),
  ]
}

function arnOf({ arn, region }: RightsNeeded, table: string): string {
  const [scheme, partition, service, , account] = arn.split(':')
  return [scheme, partition, service, region, account, `table/${table}`].join(':')
}

/** Refused as invalid where it is allowed: the least is more than the most. */
function impossible(table: string) {
  return {
    ServiceNamespace: 'dynamodb',
    ResourceId: `table/${table}`,
    ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
    MinCapacity: 2,
    MaxCapacity: 1,
  } as const
}
