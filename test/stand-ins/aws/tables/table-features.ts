import type {
  DeleteResourcePolicyInput,
  DescribeContributorInsightsInput,
  DescribeTimeToLiveInput,
  GetResourcePolicyInput,
  ListTagsOfResourceInput,
  PutResourcePolicyInput,
  TagResourceInput,
  UntagResourceInput,
  UpdateContributorInsightsInput,
  UpdateTimeToLiveInput,
} from '@aws-sdk/client-dynamodb'
import { randomInt } from 'node:crypto'
import { seconds } from '../service/clock.ts'
import { AwsError, invalid } from '../service/errors.ts'
import { tableOf, type Context, type Operation } from '../service/service.ts'
import type { Table } from './table.ts'

const tagsPerPage = 10

/** @throws AwsError where the table is not ACTIVE */
function active({ region }: Context, nameOrArn: string | undefined): Table {
  const table = tableOf(region, nameOrArn)
  if (table.status !== 'ACTIVE')
    throw new AwsError(
      'ResourceInUseException',
      `Attempt to change a resource which is still in use: Table is being ${table.status.toLowerCase()}: ${table.name}`,
    )
  return table
}

function updateTimeToLive(input: UpdateTimeToLiveInput, context: Context): object {
  const { service, region } = context
  const table = active(context, input.TableName)
  const { Enabled: on, AttributeName: attribute } = input.TimeToLiveSpecification ?? {}
  if (on === undefined || attribute === undefined)
    throw invalid('TimeToLiveSpecification must have Enabled and AttributeName')
  const { timeToLive: present } = table
  if (present !== undefined && present.status !== 'ENABLED')
    throw invalid('Time to live has been modified multiple times within a fixed interval')
  if (on && present !== undefined) throw invalid('TimeToLive is already enabled')
  if (!on && present === undefined) throw invalid('TimeToLive is already disabled')
  if (!on && present?.attribute !== attribute)
    throw invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${present?.attribute}`)
  service.checkTableOperations(region, {})
  table.timeToLive = { attribute, status: on ? 'ENABLING' : 'DISABLING' }
  service.timers.background(
    ['timeToLive', table.name],
    () => Promise.resolve(),
    () => (table.timeToLive = on ? { attribute, status: 'ENABLED' } : undefined),
  )
  return { TimeToLiveSpecification: input.TimeToLiveSpecification }
}

function describeTimeToLive(input: DescribeTimeToLiveInput, { region }: Context): object {
  const { timeToLive } = tableOf(region, input.TableName)
  return {
    TimeToLiveDescription:
      timeToLive === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: timeToLive.status, AttributeName: timeToLive.attribute },
  }
}

function tag(input: TagResourceInput, context: Context): object {
  const table = active(context, input.ResourceArn)
  const named = new Map([...table.tags, ...(input.Tags ?? [])].map((each) => [each.Key, each]))
  if (named.size > 50) throw invalid('One or more parameter values were invalid: Too many tags: the quota is 50')
  table.tags = [...named.values()]
  return {}
}

function untag(input: UntagResourceInput, context: Context): object {
  const table = active(context, input.ResourceArn)
  table.tags = table.tags.filter((each) => !(input.TagKeys ?? []).includes(each.Key ?? ''))
  return {}
}

function listTags(input: ListTagsOfResourceInput, { region }: Context): object {
  const { tags } = tableOf(region, input.ResourceArn)
  const start = Number(input.NextToken ?? 0)
  return {
    Tags: tags.slice(start, start + tagsPerPage),
    ...(start + tagsPerPage < tags.length && { NextToken: String(start + tagsPerPage) }),
  }
}

const noPolicy = (table: Table) =>
  new AwsError('PolicyNotFoundException', `Resource-based policy not found for the provided ResourceArn: ${table.arn}`)

function putPolicy(input: PutResourcePolicyInput, { region }: Context): object {
  const table = tableOf(region, input.ResourceArn)
  const { Policy: text = '', ExpectedRevisionId: expected } = input
  try {
    JSON.parse(text)
  } catch {
    throw invalid('Invalid policy document')
  }
  if (expected !== undefined && expected !== (table.policy?.revision ?? 'NO_POLICY')) throw noPolicy(table)
  table.policy = { text, revision: String(randomInt(2 ** 40)) }
  return { RevisionId: table.policy.revision }
}

function getPolicy(input: GetResourcePolicyInput, { region }: Context): object {
  const table = tableOf(region, input.ResourceArn)
  if (table.policy === undefined) throw noPolicy(table)
  return { Policy: table.policy.text, RevisionId: table.policy.revision }
}

function deletePolicy(input: DeleteResourcePolicyInput, { region }: Context): object {
  const table = tableOf(region, input.ResourceArn)
  const revision = table.policy?.revision
  if (input.ExpectedRevisionId !== undefined && input.ExpectedRevisionId !== revision) throw noPolicy(table)
  table.policy = undefined
  return revision === undefined ? {} : { RevisionId: revision }
}

function describeInsights(input: DescribeContributorInsightsInput, { region }: Context): object {
  const table = tableOf(region, input.TableName)
  const insights = table.insights.get(input.IndexName ?? '')
  return {
    TableName: table.name,
    IndexName: input.IndexName,
    ContributorInsightsStatus: insights?.status ?? 'DISABLED',
    ...(insights?.mode !== undefined && { ContributorInsightsMode: insights.mode }),
    ...(insights !== undefined && { LastUpdateDateTime: seconds(insights.changedMs) }),
  }
}

function updateInsights(input: UpdateContributorInsightsInput, context: Context): object {
  const { service, region } = context
  const table = tableOf(region, input.TableName)
  const on = input.ContributorInsightsAction === 'ENABLE'
  const insights = {
    status: on ? 'ENABLING' : 'DISABLING',
    mode: input.ContributorInsightsMode,
    changedMs: service.clock.now(),
  }
  table.insights.set(input.IndexName ?? '', insights)
  service.timers.background(
    ['contributorInsights', table.name],
    () => Promise.resolve(),
    () => (insights.status = on ? 'ENABLED' : 'DISABLED'),
  )
  return { TableName: table.name, IndexName: input.IndexName, ContributorInsightsStatus: insights.status }
}

/** What no backup and no restore knows of a table. */
export const featureOperations: Record<string, Operation> = {
  UpdateTimeToLive: updateTimeToLive,
  DescribeTimeToLive: describeTimeToLive,
  TagResource: tag,
  UntagResource: untag,
  ListTagsOfResource: listTags,
  PutResourcePolicy: putPolicy,
  GetResourcePolicy: getPolicy,
  DeleteResourcePolicy: deletePolicy,
  DescribeContributorInsights: describeInsights,
  UpdateContributorInsights: updateInsights,
}
