import {
  EnableKinesisStreamingDestinationCommand,
  PutResourcePolicyCommand,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateContributorInsightsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  type UpdateContributorInsightsInput,
  type UpdateTableInput,
} from '@aws-sdk/client-dynamodb'
import { messageOf } from '../../../../operation/failure.ts'
import type { Clients } from '../clients.ts'
import { compareSettings } from './compare-settings.ts'
import { reapplyAutoscaling } from './reapply-autoscaling.ts'
import type { TableSettings } from './table-settings.ts'
import { onDemandThroughput, provisionedThroughput } from './throughput.ts'
import { onceAllowed } from '../../../aws/polling.ts'

/** Most tags in one call (TagResource). */
const tagsAtOnce = 50

/** A table whose settings are put on again. */
export interface Reapplied {
  clients: Clients
  table: string
  arn: string
  expected: TableSettings
  found: TableSettings
  signal: AbortSignal
}

/**
 * Puts on again what a restore forgets (AWS: restoring a table; all but data, keys, indexes, capacity and encryption).
 * What the table has already is left alone. Whatever one setting meets, the others are still put on.
 * @returns what AWS refused, by setting, for people
 */
export async function reapplySettings(of: Reapplied): Promise<Map<string, string>> {
  const different = new Set(compareSettings(of.expected, of.found).map(({ setting }) => setting))
  const refused = new Map<string, string>()
  const put = async (setting: string, act: () => Promise<unknown>) => {
    if (![...different].some((one) => one === setting || one.startsWith(`${setting} `))) return
    await onceAllowed(act, of.signal).catch((error: unknown) => {
      of.signal.throwIfAborted()
      refused.set(setting, messageOf(error))
    })
  }
  // Changes of the table itself are made one at a time.
  for (const [setting, update] of tableUpdates(of.expected, of.found)) {
    if (Object.keys(update).length === 0) continue
    await put(setting, () => of.clients.dynamo.send(new UpdateTableCommand({ TableName: of.table, ...update })))
  }
  // All have ended when this throws: one that is still tried could meet the table that is put back under this name.
  await Promise.allSettled([...besideTheTable(of)].map(([setting, act]) => put(setting, act)))
  of.signal.throwIfAborted()
  await put('autoscaling', () => reapplyAutoscaling(of.clients.autoscaling, of.table, of.expected))
  return refused
}

function tableUpdates(
  { billingMode, throughput, onDemandLimit, globalIndexes, tableClass, streamView, deletionProtection }: TableSettings,
  found: TableSettings,
): [string, Omit<UpdateTableInput, 'TableName'>][] {
  const view = streamView as NonNullable<UpdateTableInput['StreamSpecification']>['StreamViewType']
  return [
    [
      'billingMode',
      {
        BillingMode: billingMode,
        ...(throughput === undefined ? {} : { ProvisionedThroughput: provisionedThroughput(throughput) }),
        ...(billingMode === 'PROVISIONED' ? indexThroughput(globalIndexes) : {}),
      },
    ],
    [
      'throughput',
      throughput === undefined || found.billingMode !== billingMode
        ? {}
        : { ProvisionedThroughput: provisionedThroughput(throughput) },
    ],
    [
      'onDemandLimit',
      { OnDemandThroughput: onDemandThroughput(onDemandLimit ?? { maxReadUnits: -1, maxWriteUnits: -1 }) },
    ],
    ['tableClass', { TableClass: tableClass as NonNullable<UpdateTableInput['TableClass']> }],
    [
      'streamView',
      streamView === undefined
        ? { StreamSpecification: { StreamEnabled: false } }
        : { StreamSpecification: { StreamEnabled: true, StreamViewType: view } },
    ],
    ['deletionProtection', { DeletionProtectionEnabled: deletionProtection }],
  ]
}

/** A table that becomes provisioned has to be told the capacity of each of its indexes, too (UpdateTable). */
function indexThroughput(
  indexes: TableSettings['globalIndexes'],
): Pick<UpdateTableInput, 'GlobalSecondaryIndexUpdates'> {
  const updates = indexes.flatMap(({ name, throughput }) =>
    throughput === undefined
      ? []
      : [{ Update: { IndexName: name, ProvisionedThroughput: provisionedThroughput(throughput) } }],
  )
  return updates.length === 0 ? {} : { GlobalSecondaryIndexUpdates: updates }
}

function besideTheTable({ clients: { dynamo }, table, arn, expected }: Reapplied): Map<string, () => Promise<unknown>> {
  const {
    pointInTimeRecovery: recovery,
    timeToLive,
    tags,
    resourcePolicy,
    contributorInsights,
    globalIndexes,
    kinesisStreams,
  } = expected
  const acts = new Map<string, () => Promise<unknown>>()
  if (recovery !== undefined) {
    const period = recovery.periodDays === undefined ? {} : { RecoveryPeriodInDays: recovery.periodDays }
    acts.set('pointInTimeRecovery', () =>
      dynamo.send(
        new UpdateContinuousBackupsCommand({
          TableName: table,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, ...period },
        }),
      ),
    )
  }
  if (timeToLive !== undefined)
    acts.set('timeToLive', () =>
      dynamo.send(
        new UpdateTimeToLiveCommand({
          TableName: table,
          TimeToLiveSpecification: { Enabled: true, AttributeName: timeToLive },
        }),
      ),
    )
  acts.set('tags', async () => {
    for (let at = 0; at < tags.length; at += tagsAtOnce) {
      const some = tags.slice(at, at + tagsAtOnce).map(({ key, value }) => ({ Key: key, Value: value }))
      await dynamo.send(new TagResourceCommand({ ResourceArn: arn, Tags: some }))
    }
  })
  if (resourcePolicy !== undefined)
    acts.set('resourcePolicy', () =>
      dynamo.send(new PutResourcePolicyCommand({ ResourceArn: arn, Policy: resourcePolicy })),
    )
  if (contributorInsights !== undefined)
    acts.set('contributorInsights', () => dynamo.send(insights(table, contributorInsights)))
  for (const { name, contributorInsights: mode } of globalIndexes) {
    if (mode !== undefined) acts.set(`contributorInsights ${name}`, () => dynamo.send(insights(table, mode, name)))
  }
  acts.set('kinesisStreams', async () => {
    for (const { arn: stream, precision } of kinesisStreams) {
      const exactness =
        precision === undefined
          ? {}
          : {
              EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: precision as 'MILLISECOND' },
            }
      await dynamo.send(
        new EnableKinesisStreamingDestinationCommand({ TableName: table, StreamArn: stream, ...exactness }),
      )
    }
  })
  return acts
}

function insights(table: string, mode: string, index?: string): UpdateContributorInsightsCommand {
  return new UpdateContributorInsightsCommand({
    TableName: table,
    ...(index === undefined ? {} : { IndexName: index }),
    ContributorInsightsAction: 'ENABLE',
    ContributorInsightsMode: mode as NonNullable<UpdateContributorInsightsInput['ContributorInsightsMode']>,
  })
}
