import type { RestoreTableFromBackupInput, RestoreTableToPointInTimeInput } from '@aws-sdk/client-dynamodb'
import type { Backup } from './backup.ts'
import { backupInUse, backupOf } from './backup-operations.ts'
import { wireMs } from '../service/clock.ts'
import { restorable } from './continuous-backups.ts'
import { describeTable } from '../tables/describe-table.ts'
import { AwsError, invalid, tableNotFound } from '../service/errors.ts'
import { History, type Item } from '../items/history.ts'
import { tableArn, tableOf, type Context, type Operation, type Region } from '../service/service.ts'
import { begin, checkName } from '../tables/table-operations.ts'
import { carriedBy, keyNames, newTable, type Carried, type RestoreOrigin } from '../tables/table.ts'

type Overrides = Pick<
  RestoreTableToPointInTimeInput,
  | 'BillingModeOverride'
  | 'GlobalSecondaryIndexOverride'
  | 'LocalSecondaryIndexOverride'
  | 'ProvisionedThroughputOverride'
  | 'OnDemandThroughputOverride'
  | 'SSESpecificationOverride'
>

/** Indexes may be left out in a restore, never added or changed in their keys. */
function kept<T extends { IndexName?: string | undefined; KeySchema?: unknown }>(
  source: readonly T[],
  override: readonly T[] | undefined,
): T[] {
  if (override === undefined) return [...source]
  for (const index of override) {
    const known = source.find((each) => each.IndexName === index.IndexName)
    if (known === undefined || JSON.stringify(known.KeySchema) !== JSON.stringify(index.KeySchema)) {
      throw invalid(
        'One or more parameter values were invalid: the index ' +
          `${index.IndexName} does not match one of the source table`,
      )
    }
  }
  return [...override]
}

function overridden(source: Carried, overrides: Overrides): Carried {
  const carried = carriedBy(source)
  const billing = overrides.BillingModeOverride ?? carried.billing
  const throughput = overrides.ProvisionedThroughputOverride ?? carried.throughput
  if (billing === 'PROVISIONED' && throughput === undefined) {
    throw invalid(
      'One or more parameter values were invalid: ProvisionedThroughputOverride must be specified when ' +
        'BillingModeOverride is PROVISIONED',
    )
  }
  if (billing === 'PAY_PER_REQUEST' && overrides.ProvisionedThroughputOverride !== undefined) {
    throw invalid(
      'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be ' +
        'specified when BillingMode is PAY_PER_REQUEST',
    )
  }
  const globals = kept(
    carried.globals.map((index) => index.definition),
    overrides.GlobalSecondaryIndexOverride,
  ).map((definition) => {
    const { ProvisionedThroughput: own, ...rest } = definition
    const provisioned = own ?? throughput
    return {
      definition:
        billing === 'PROVISIONED' && provisioned !== undefined ? { ...rest, ProvisionedThroughput: provisioned } : rest,
      status: 'CREATING' as const,
    }
  })
  const locals = kept(carried.locals, overrides.LocalSecondaryIndexOverride)
  const used = new Set(
    [carried.keys, ...[...locals, ...globals.map((index) => index.definition)].map((index) => index.KeySchema ?? [])]
      .flat()
      .map((key) => key.AttributeName),
  )
  return {
    ...carried,
    attributes: carried.attributes.filter((attribute) => used.has(attribute.AttributeName)),
    globals,
    locals,
    billing,
    throughput: billing === 'PROVISIONED' ? throughput : undefined,
    onDemand: overrides.OnDemandThroughputOverride ?? carried.onDemand,
    encryption: overrides.SSESpecificationOverride ?? carried.encryption,
  }
}

/** @throws AwsError where the target's name is taken, by a table or by one that comes or goes */
function checkTarget({ region }: Context, target: string | undefined): string {
  const name = checkName(target)
  const present = region.tables.get(name)
  if (present === undefined) return name
  if (present.status === 'CREATING' || present.status === 'DELETING')
    throw new AwsError(
      'TableInUseException',
      `Table is being ${present.status === 'CREATING' ? 'created' : 'deleted'}: ${name}`,
    )
  throw new AwsError('TableAlreadyExistsException', `Table already exists: ${name}`)
}

function restore(
  context: Context,
  name: string,
  carried: Carried,
  items: readonly Item[],
  origin: Omit<RestoreOrigin, 'inProgress'>,
  done?: () => void,
): object {
  const { service, region } = context
  service.checkTableOperations(region, {
    table: true,
    restore: true,
    indexes: carried.globals.length + carried.locals.length > 0,
  })
  const table = newTable(
    name,
    tableArn(region, name),
    service.clock.now(),
    carried,
    new History(keyNames(carried.keys), items),
  )
  table.restore = { ...origin, inProgress: true }
  begin(table, context, 'restore', items, done)
  return { TableDescription: describeTable(table, region) }
}

/** The region that an ARN names; a restore may come from another one than it goes to. */
function regionOf(arn: string | undefined, { service, region }: Context): Region {
  const [, , , from, account] = (arn ?? '').split(':')
  return from === undefined || from === region.region ? region : service.region(account ?? region.account, from)
}

function restoreToPointInTime(input: RestoreTableToPointInTimeInput, context: Context): object {
  const { service } = context
  const named = input.SourceTableArn ?? input.SourceTableName
  if (named === undefined) throw invalid('Either SourceTableArn or SourceTableName must be specified')
  const asked = wireMs(input.RestoreDateTime)
  if ((input.UseLatestRestorableTime === true) === (asked !== undefined))
    throw invalid('Exactly one of RestoreDateTime and UseLatestRestorableTime must be specified')
  const source = tableOf(regionOf(input.SourceTableArn, context), named, tableNotFound)
  if (source.status === 'CREATING' || source.status === 'DELETING') throw tableNotFound(source.name)
  const name = checkTarget(context, input.TargetTableName)
  const window = restorable(source, service)
  if (window === undefined)
    throw new AwsError(
      'PointInTimeRecoveryUnavailableException',
      `Point in time recovery is not enabled for table '${source.name}'`,
    )
  const second = Math.floor((asked ?? window.latestMs) / 1000) * 1000
  if (second < window.earliestMs || second > window.latestMs) {
    throw new AwsError(
      'InvalidRestoreTimeException',
      'An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and ' +
        'LatestRestorableDateTime.',
    )
  }
  const within = { any: Math.random() * 999, start: 0, end: 999 }[service.settings.restoreMoment]
  return restore(context, name, overridden(source, input), source.history.at(second + within), {
    sourceTableArn: source.arn,
    sourceBackupArn: undefined,
    atMs: second,
  })
}

function restoreFromBackup(input: RestoreTableFromBackupInput, context: Context): object {
  const backup: Backup = backupOf(regionOf(input.BackupArn, context), input.BackupArn)
  const name = checkTarget(context, input.TargetTableName)
  if (backup.items === undefined || backup.restoring) throw backupInUse()
  const origin = { sourceTableArn: backup.source.arn, sourceBackupArn: backup.arn, atMs: backup.createdMs }
  const answer = restore(
    context,
    name,
    overridden(backup.carried, input),
    backup.items,
    origin,
    () => (backup.restoring = false),
  )
  backup.restoring = true
  return answer
}

export const restoreOperations: Record<string, Operation> = {
  RestoreTableToPointInTime: restoreToPointInTime,
  RestoreTableFromBackup: restoreFromBackup,
}
