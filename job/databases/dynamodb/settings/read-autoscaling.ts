import {
  paginateDescribeScalableTargets,
  paginateDescribeScalingPolicies,
  paginateDescribeScheduledActions,
  type ApplicationAutoScalingClient,
  type ScalableTarget,
  type ScalingPolicy,
  type ScheduledAction,
} from '@aws-sdk/client-application-auto-scaling'
import type { ScalableTargetSettings } from './table-settings.ts'

/** What Application Auto Scaling does for DynamoDB in one account and region. */
export interface Autoscaling {
  targets: ScalableTarget[]
  policies: ScalingPolicy[]
  scheduledActions: ScheduledAction[]
}

/** Reads all of it at once: its API is throttled sooner than DynamoDB's, so one look per table would take longer. */
export async function readAutoscaling(client: ApplicationAutoScalingClient): Promise<Autoscaling> {
  const found: Autoscaling = { targets: [], policies: [], scheduledActions: [] }
  // One for each: a paginator leaves its last page's token in what it was given.
  const of = () => ({ ServiceNamespace: 'dynamodb' }) as const
  for await (const page of paginateDescribeScalableTargets({ client }, of()))
    found.targets.push(...(page.ScalableTargets ?? []))
  for await (const page of paginateDescribeScalingPolicies({ client }, of()))
    found.policies.push(...(page.ScalingPolicies ?? []))
  for await (const page of paginateDescribeScheduledActions({ client }, of()))
    found.scheduledActions.push(...(page.ScheduledActions ?? []))
  return found
}

/** What of it is one table's: its own reads and writes, and those of its indexes. */
export function autoscalingOf(
  table: string,
  { targets, policies, scheduledActions }: Autoscaling,
): ScalableTargetSettings[] {
  const own = targets.filter(
    ({ ResourceId }) => ResourceId === `table/${table}` || ResourceId?.startsWith(`table/${table}/index/`),
  )
  return own
    .map((target) =>
      settingsOf(table, target, policies.filter(belongsTo(target)), scheduledActions.filter(belongsTo(target))),
    )
    .sort(byResource)
}

function belongsTo({
  ResourceId,
  ScalableDimension,
}: ScalableTarget): (other: { ResourceId: string | undefined; ScalableDimension?: string | undefined }) => boolean {
  return (other) => other.ResourceId === ResourceId && other.ScalableDimension === ScalableDimension
}

function settingsOf(
  table: string,
  target: ScalableTarget,
  policies: readonly ScalingPolicy[],
  actions: readonly ScheduledAction[],
): ScalableTargetSettings {
  const index = target.ResourceId?.slice(`table/${table}/index/`.length) ?? ''
  const suspended = Object.values(target.SuspendedState ?? {}).includes(true) ? target.SuspendedState : undefined
  return {
    ...(index === '' ? {} : { index }),
    dimension: target.ScalableDimension ?? '',
    minCapacity: target.MinCapacity ?? 0,
    maxCapacity: target.MaxCapacity ?? 0,
    ...(target.RoleARN === undefined ? {} : { roleArn: target.RoleARN }),
    ...(suspended === undefined ? {} : { suspended: plain(suspended) }),
    policies: policies
      .map((policy) => ({
        name: policy.PolicyName ?? '',
        type: policy.PolicyType ?? '',
        configuration: plain(
          policy.TargetTrackingScalingPolicyConfiguration ??
            policy.StepScalingPolicyConfiguration ??
            policy.PredictiveScalingPolicyConfiguration ??
            {},
        ),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    scheduledActions: actions
      .map(({ ScheduledActionName, Schedule, Timezone, StartTime, EndTime, ScalableTargetAction }) =>
        plain({ ScheduledActionName, Schedule, Timezone, StartTime, EndTime, ScalableTargetAction }),
      )
      .sort((a, b) => (String(a['ScheduledActionName']) < String(b['ScheduledActionName']) ? -1 : 1)),
  }
}

/** As JSON holds it: times as text, nothing that is undefined. */
function plain(value: object): ScalableTargetSettings['policies'][number]['configuration'] {
  return JSON.parse(JSON.stringify(value)) as ScalableTargetSettings['policies'][number]['configuration']
}

function byResource(a: ScalableTargetSettings, b: ScalableTargetSettings): number {
  const [one, other] = [a, b].map(({ index, dimension }) => `${index ?? ''} ${dimension}`)
  return (one ?? '') < (other ?? '') ? -1 : 1
}
