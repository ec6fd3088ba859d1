// Room: the ways back: point-in-time recovery, backups, restores.
// Read continuous-backups, backup-operations, restore-operations.

import type {
  CreateBackupInput,
  DeleteBackupInput,
  DescribeBackupInput,
  ListBackupsInput,
} from '@aws-sdk/client-dynamodb'
import { randomBytes } from 'node:crypto'
import type { Backup } from './backup.ts'
import { seconds, wireMs } from '../service/clock.ts'
import { AwsError, invalid, tableNotFound } from '../service/errors.ts'
import { tableName, tableOf, type Context, type Operation, type Region } from '../service/service.ts'
import { carriedBy, type Table } from '../tables/table.ts'

const dayMs = 86_400_000
const systemBackupMs = 35 * dayMs

export const backupInUse = () =>
  new AwsError(
    'BackupInUseException',
    'There is another ongoing conflicting backup control plane operation on the table. ' +
      'The backup is either being created, deleted or restored to a table.',
  )

/** @throws AwsError BackupNotFoundException */
export function backupOf(region: Region, arn: string | undefined): Backup {
  const backup = region.backups.get(arn ?? '')
  if (backup === undefined) throw new AwsError('BackupNotFoundException', `Backup not found: ${arn ?? ''}`)
  return backup
}

function newBackup(table: Table, name: string, type: Backup['type'], { service, region }: Context): Backup {
  const now = service.clock.now()
  const { items, bytes } = table.history.size
  const backup: Backup = {
    arn: `${table.arn}/backup/${String(Math.trunc(now)).padStart(14, '0')}-${randomBytes(4).toString('hex')}`,
    name,
    type,
    status: 'CREATING',
    appeared: false,
    createdMs: now,
    expiresMs: type === 'SYSTEM' ? now + systemBackupMs : undefined,
    bytes,
    source: { name: table.name, id: table.id, arn: table.arn, createdMs: table.createdMs, items, bytes },
    carried: carriedBy(table),
    extras: {
      stream: table.stream && { StreamEnabled: true, StreamViewType: table.stream.StreamViewType },
      timeToLive: table.timeToLive && {
        TimeToLiveStatus: table.timeToLive.status,
        AttributeName: table.timeToLive.attribute,
      },
    },
    items: undefined,
    restoring: false,
  }
  region.backups.set(backup.arn, backup)
  service.timers.after(['backupAppearance', table.name], () => (backup.appeared = true))
  return backup
}

/** The backup that deleting a table with point-in-time recovery leaves: of the moment before the deletion. */
export function makeSystemBackup(table: Table, context: Context): Backup {
  const backup = newBackup(table, `${table.name}$DeletedTableBackup`, 'SYSTEM', context)
  backup.items = table.history.at(Infinity)
  backup.status = 'AVAILABLE'
  return backup
}

const details = (backup: Backup) => ({
  BackupArn: backup.arn,
  BackupName: backup.name,
  BackupStatus: backup.status,
  BackupType: backup.type,
  BackupCreationDateTime: seconds(backup.createdMs),
  ...(backup.expiresMs !== undefined && { BackupExpiryDateTime: seconds(backup.expiresMs) }),
  BackupSizeBytes: backup.bytes,
})

function describeBackup(backup: Backup): object {
  const { source, carried, extras } = backup
  const globals = carried.globals.map(
    ({ definition: { IndexName, KeySchema, Projection, ProvisionedThroughput, OnDemandThroughput } }) => ({
      IndexName,
      KeySchema,
      Projection,
      ProvisionedThroughput,
      OnDemandThroughput,
    }),
  )
  return {
    BackupDetails: details(backup),
    SourceTableDetails: {
      TableName: source.name,
      TableId: source.id,
      TableArn: source.arn,
      TableSizeBytes: source.bytes,
      KeySchema: carried.keys,
      TableCreationDateTime: seconds(source.createdMs),
      ProvisionedThroughput: carried.throughput ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
      OnDemandThroughput: carried.onDemand,
      ItemCount: source.items,
      BillingMode: carried.billing,
    },
    SourceTableFeatureDetails: {
      ...(globals.length > 0 && { GlobalSecondaryIndexes: globals }),
      ...(carried.locals.length > 0 && { LocalSecondaryIndexes: carried.locals }),
      ...(extras.stream !== undefined && { StreamDescription: extras.stream }),
      ...(extras.timeToLive !== undefined && { TimeToLiveDescription: extras.timeToLive }),
      ...(carried.encryption?.Enabled === true && { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS' } }),
    },
  }
}

function createBackup(input: CreateBackupInput, context: Context): object {
  const { service, region } = context
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(input.BackupName ?? ''))
    throw invalid(
      `1 validation error detected: Value '${input.BackupName}' at 'backupName' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+',
    )
  const table = tableOf(region, input.TableName, tableNotFound)
  if (table.status === 'CREATING' || table.status === 'DELETING')
    throw new AwsError(
      'TableInUseException',
      `Table is being ${table.status === 'CREATING' ? 'created' : 'deleted'}: ${table.name}`,
    )
  if (!table.continuousBackups)
    throw new AwsError(
      'ContinuousBackupsUnavailableException',
      `Backups are being enabled for the table: ${table.name}. Please retry later`,
    )
  const backup = newBackup(table, input.BackupName ?? '', 'USER', context)
  const skew = service.settings.backupSkewMs
  // What it has of each item is settled when it is AVAILABLE, a moment around the request's.
  const asOf = () => backup.createdMs + (skew === 0 ? 0 : (Math.random() * 2 - 1) * skew)
  table.backupsUnderWay += 1
  service.timers.background(
    ['createBackup', table.name],
    () => Promise.resolve(),
    () => {
      backup.items = table.history.at(asOf)
      backup.status = 'AVAILABLE'
      table.backupsUnderWay -= 1
    },
  )
  return { BackupDetails: details(backup) }
}

function deleteBackup(input: DeleteBackupInput, { region }: Context): object {
  const backup = backupOf(region, input.BackupArn)
  if (backup.status === 'CREATING' || backup.restoring) throw backupInUse()
  if (backup.type === 'SYSTEM') throw invalid(`The backup is a system backup, which cannot be deleted: ${backup.arn}`)
  region.backups.delete(backup.arn)
  backup.status = 'DELETED'
  return { BackupDescription: describeBackup(backup) }
}

function listBackups(input: ListBackupsInput, { region }: Context): object {
  const { Limit: limit = 100, BackupType: type = 'USER', ExclusiveStartBackupArn: after } = input
  if (limit < 1 || limit > 100) throw invalid('Limit must be between 1 and 100')
  const from = wireMs(input.TimeRangeLowerBound) ?? -Infinity
  const to = wireMs(input.TimeRangeUpperBound) ?? Infinity
  const all = [...region.backups.values()].filter(
    (backup) =>
      backup.appeared &&
      (type === 'ALL' || backup.type === type) &&
      (input.TableName === undefined || backup.source.name === tableName(input.TableName)) &&
      backup.createdMs >= from &&
      backup.createdMs < to,
  )
  const start = after === undefined ? 0 : all.findIndex((backup) => backup.arn === after) + 1
  const page = all.slice(start, start + limit)
  return {
    BackupSummaries: page.map((backup) => ({
      TableName: backup.source.name,
      TableId: backup.source.id,
      TableArn: backup.source.arn,
      ...details(backup),
    })),
    ...(start + limit < all.length && { LastEvaluatedBackupArn: page.at(-1)?.arn }),
  }
}

export const backupOperations: Record<string, Operation> = {
  CreateBackup: createBackup,
  DeleteBackup: deleteBackup,
  DescribeBackup: (input: DescribeBackupInput, { region }) => ({
    BackupDescription: describeBackup(backupOf(region, input.BackupArn)),
  }),
  ListBackups: listBackups,
}
