import type { DescribeContinuousBackupsInput, UpdateContinuousBackupsInput } from '@aws-sdk/client-dynamodb'
import { seconds } from '../service/clock.ts'
import { AwsError, invalid, tableNotFound } from '../service/errors.ts'
import { tableOf, type Context, type Operation, type Service } from '../service/service.ts'
import type { Table } from '../tables/table.ts'

const dayMs = 86_400_000
const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000

/**
 * The window in which a table can be restored, ms of the service's clock, whole seconds; undefined where recovery is
 * off.
 */
export function restorable(
  table: Table,
  { clock, settings }: Service,
): { earliestMs: number; latestMs: number } | undefined {
  if (table.recovery === undefined) return undefined
  const earliestMs =
    Math.ceil(Math.max(table.recovery.sinceMs, clock.now() - table.recovery.days * dayMs) / 1000) * 1000
  return { earliestMs, latestMs: Math.max(earliestMs, wholeSecond(clock.now() - settings.restorableLagMs)) }
}

function describe(table: Table, service: Service): object {
  const window = restorable(table, service)
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription:
        window === undefined
          ? { PointInTimeRecoveryStatus: 'DISABLED' }
          : {
              PointInTimeRecoveryStatus: 'ENABLED',
              RecoveryPeriodInDays: table.recovery?.days,
              EarliestRestorableDateTime: seconds(window.earliestMs),
              LatestRestorableDateTime: seconds(window.latestMs),
            },
    },
  }
}

function known({ region }: Context, name: string | undefined): Table {
  const table = tableOf(region, name, tableNotFound)
  if (table.status === 'CREATING' || table.status === 'DELETING') throw tableNotFound(table.name)
  return table
}

function update(input: UpdateContinuousBackupsInput, context: Context): object {
  const { service } = context
  const table = known(context, input.TableName)
  const { PointInTimeRecoveryEnabled: on, RecoveryPeriodInDays: days } = input.PointInTimeRecoverySpecification ?? {}
  if (on === undefined)
    throw invalid(
      '1 validation error detected: Value null at pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled ' +
        'failed to satisfy constraint: Member must not be null',
    )
  if (days !== undefined && (!on || days < 1 || days > 35))
    throw invalid('RecoveryPeriodInDays must be between 1 and 35, with point-in-time recovery enabled')
  if (!table.continuousBackups)
    throw new AwsError(
      'ContinuousBackupsUnavailableException',
      `Backups are being enabled for the table: ${table.name}. Please retry later`,
    )
  if (!on) table.recovery = undefined
  else
    table.recovery = {
      sinceMs: table.recovery?.sinceMs ?? service.clock.now(),
      days: days ?? table.recovery?.days ?? 35,
    }
  return describe(table, service)
}

export const continuousBackupOperations: Record<string, Operation> = {
  DescribeContinuousBackups: (input: DescribeContinuousBackupsInput, context) =>
    describe(known(context, input.TableName), context.service),
  UpdateContinuousBackups: update,
}
