import {
  DescribeContributorInsightsCommand,
  DescribeKinesisStreamingDestinationCommand,
  DescribeTimeToLiveCommand,
  GetResourcePolicyCommand,
  ListTagsOfResourceCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import { isUnreachable } from '../aws-error.ts'
import type { Clients } from '../clients.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { limits } from '../../../aws/rate-limits.ts'
import { autoscalingOf, readAutoscaling, type Autoscaling } from './read-autoscaling.ts'
import { readWindow } from '../tables/recovery-window.ts'
import { formOf } from '../tables/table-form.ts'
import type { TableSettings } from './table-settings.ts'

/** Features of which a table's description tells nothing; each has a call and a right of its own. */
type Feature =
  | 'pointInTimeRecovery'
  | 'timeToLive'
  | 'tags'
  | 'resourcePolicy'
  | 'contributorInsights'
  | 'kinesisStreams'
  | 'autoscaling'

/** The right that reading each of them takes. */
export const rightToRead: Record<Feature, string> = {
  pointInTimeRecovery: 'dynamodb:DescribeContinuousBackups',
  timeToLive: 'dynamodb:DescribeTimeToLive',
  tags: 'dynamodb:ListTagsOfResource',
  resourcePolicy: 'dynamodb:GetResourcePolicy',
  contributorInsights: 'dynamodb:DescribeContributorInsights',
  kinesisStreams: 'dynamodb:DescribeKinesisStreamingDestination',
  autoscaling: 'application-autoscaling:DescribeScalableTargets, DescribeScalingPolicies and DescribeScheduledActions',
}

/** The account's autoscaling, or why it cannot be known. */
export type KnownAutoscaling = Autoscaling | { unread: string }

/** Reads the account's autoscaling once, for all tables. @throws as readTableSettings does */
export async function tryReadAutoscaling({ autoscaling }: Clients): Promise<KnownAutoscaling> {
  try {
    return await readAutoscaling(autoscaling)
  } catch (error) {
    if (isUnreadable(error)) return { unread: reason('autoscaling', error) }
    if (isUnreachable(error)) throw autoscalingUnreachable(error)
    throw error
  }
}

/** Its endpoint is not DynamoDB's: a network may have a way to the one alone. */
function autoscalingUnreachable(error: unknown): Failure {
  return new Failure(
    {
      what: "the tables' autoscaling cannot be read",
      why: `Application Auto Scaling does not answer: ${messageOf(error)}`,
      next:
        "let the worker's pod reach its endpoint of the region, by NAT or an interface endpoint; " +
        'one that has a name of its own is given by --env AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING=URL',
    },
    { cause: error },
  )
}

/**
 * Reads everything that is set of a table.
 * @param table as it was described
 * @throws what AWS answers for anything but a missing right or an unknown feature: these are named in `unread`
 */
export async function readTableSettings(
  { dynamo }: Clients,
  table: TableDescription,
  autoscaling: KnownAutoscaling,
): Promise<TableSettings> {
  const { TableName: name = '', TableArn: arn = '' } = table
  const form = formOf(table)
  const unread: TableSettings['unread'] = []
  const ask = async <T>(setting: Feature, call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await call()
    } catch (error) {
      if (!isUnreadable(error)) throw error
      unread.push({ setting, why: reason(setting, error) })
      return undefined
    }
  }
  const [window, timeToLive, tags, resourcePolicy, insights, kinesisStreams] = await Promise.all([
    ask('pointInTimeRecovery', () => readWindow(dynamo, name)),
    ask('timeToLive', () => readTimeToLive(dynamo, name)),
    ask('tags', () => readTags(dynamo, arn)),
    ask('resourcePolicy', () => readResourcePolicy(dynamo, arn)),
    ask('contributorInsights', () =>
      readInsights(
        dynamo,
        name,
        form.globalIndexes.map((index) => index.name),
      ),
    ),
    ask('kinesisStreams', () => readKinesisStreams(dynamo, name)),
  ])
  if ('unread' in autoscaling) unread.push({ setting: 'autoscaling', why: autoscaling.unread })
  const ofTable = insights?.get('')
  return {
    ...form,
    globalIndexes: form.globalIndexes.map((index) => ({
      ...index,
      ...present('contributorInsights', insights?.get(index.name)),
    })),
    autoscaling: 'unread' in autoscaling ? [] : autoscalingOf(name, autoscaling),
    ...(window === undefined ? {} : { pointInTimeRecovery: present('periodDays', window.periodDays) }),
    ...present('timeToLive', timeToLive),
    kinesisStreams: kinesisStreams ?? [],
    tags: tags ?? [],
    ...present('resourcePolicy', resourcePolicy),
    ...present('contributorInsights', ofTable),
    unread: unread.sort((a, b) => (a.setting < b.setting ? -1 : 1)),
  }
}

async function readTimeToLive(client: DynamoDBClient, name: string): Promise<string | undefined> {
  const { TimeToLiveDescription: found } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }))
  return found?.TimeToLiveStatus === 'ENABLED' || found?.TimeToLiveStatus === 'ENABLING'
    ? found.AttributeName
    : undefined
}

/** Tags that AWS itself set cannot be set by anybody else. */
async function readTags(client: DynamoDBClient, arn: string): Promise<TableSettings['tags']> {
  const tags: TableSettings['tags'] = []
  let next: string | undefined
  do {
    const token = next
    const page = await limits.listTagsOfResource.run(() =>
      client.send(new ListTagsOfResourceCommand({ ResourceArn: arn, ...present('NextToken', token) })),
    )
    tags.push(
      ...(page.Tags ?? []).flatMap(({ Key, Value }) =>
        Key === undefined || Key.startsWith('aws:') ? [] : [{ key: Key, value: Value ?? '' }],
      ),
    )
    next = page.NextToken
  } while (next !== undefined)
  return tags.sort((a, b) => (a.key < b.key ? -1 : 1))
}

async function readResourcePolicy(client: DynamoDBClient, arn: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetResourcePolicyCommand({ ResourceArn: arn }))).Policy
  } catch (error) {
    if (nameOf(error) === 'PolicyNotFoundException') return undefined
    throw error
  }
}

/** Modes by index name, the table's own under the empty one. */
async function readInsights(
  client: DynamoDBClient,
  name: string,
  indexes: readonly string[],
): Promise<Map<string, string>> {
  const modes = await Promise.all(
    ['', ...indexes].map(async (index): Promise<[string, string][]> => {
      const { ContributorInsightsStatus: status, ContributorInsightsMode: mode = 'ACCESSED_AND_THROTTLED_KEYS' } =
        await client.send(
          new DescribeContributorInsightsCommand({ TableName: name, ...(index === '' ? {} : { IndexName: index }) }),
        )
      return status === 'ENABLED' || status === 'ENABLING' ? [[index, mode]] : []
    }),
  )
  return new Map(modes.flat())
}

async function readKinesisStreams(client: DynamoDBClient, name: string): Promise<TableSettings['kinesisStreams']> {
  const { KinesisDataStreamDestinations: found = [] } = await client.send(
    new DescribeKinesisStreamingDestinationCommand({ TableName: name }),
  )
  const on = found.filter(({ DestinationStatus: status }) => status === 'ACTIVE' || status === 'ENABLING')
  return on
    .map(({ StreamArn, ApproximateCreationDateTimePrecision: precision }) => ({
      arn: StreamArn ?? '',
      ...present('precision', precision),
    }))
    .sort((a, b) => (a.arn < b.arn ? -1 : 1))
}

function isUnreadable(error: unknown): boolean {
  return /^(AccessDenied(Exception)?|UnknownOperationException|NotImplemented(Exception)?)$/.test(nameOf(error))
}

function reason(setting: Feature, error: unknown): string {
  return nameOf(error).startsWith('AccessDenied') ? `no right to ${rightToRead[setting]}` : messageOf(error)
}

/** A property where there is a value for it. */
function present<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value }
}
