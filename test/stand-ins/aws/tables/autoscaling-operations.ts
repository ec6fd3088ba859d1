import type {
  DeleteScalingPolicyRequest,
  DeregisterScalableTargetRequest,
  DescribeScalableTargetsRequest,
  DescribeScalingPoliciesRequest,
  DescribeScheduledActionsRequest,
  PutScalingPolicyRequest,
  PutScheduledActionRequest,
  RegisterScalableTargetRequest,
  ScalableTarget,
  ScalingPolicy,
} from '@aws-sdk/client-application-auto-scaling'
import { randomUUID } from 'node:crypto'
import { seconds } from '../service/clock.ts'
import { AwsError, invalid } from '../service/errors.ts'
import type { Context, Operation, Region } from '../service/service.ts'

/** As AWS names the role that scales tables. */
const serviceRole =
  'aws-service-role/dynamodb.application-autoscaling.amazonaws.com/' +
  'AWSServiceRoleForApplicationAutoScaling_DynamoDBTable'

const dimensions = ['ReadCapacityUnits', 'WriteCapacityUnits'].flatMap((unit) => [
  `dynamodb:table:${unit}`,
  `dynamodb:index:${unit}`,
])
const mostPerPage = 50

/** What every call names: resource and dimension. */
interface Named {
  ServiceNamespace?: string | undefined
  ResourceId?: string | undefined
  ScalableDimension?: string | undefined
}

const keyOf = ({ ResourceId: resource, ScalableDimension: dimension }: Named) => `${resource} ${dimension}`

/** @throws AwsError ValidationException where it is not a resource of DynamoDB with a dimension that fits */
function check({ ServiceNamespace: service, ResourceId: resource, ScalableDimension: dimension }: Named): void {
  if (service !== 'dynamodb')
    throw invalid(`Unsupported service namespace: ${service}; only dynamodb is in this stand-in`)
  const kind = /^table\/[^/]+\/index\/[^/]+$/.test(resource ?? '')
    ? 'index'
    : /^table\/[^/]+$/.test(resource ?? '')
      ? 'table'
      : undefined
  if (kind === undefined || !dimensions.includes(dimension ?? '') || dimension?.split(':')[1] !== kind)
    throw invalid(
      `Unsupported service namespace, resource type or scalable dimension: ${service}, ${resource}, ${dimension}`,
    )
}

/** Times of the wire are numbers; the client's types say Date. */
const wireTime = (ms: number) => seconds(ms) as unknown as Date

function register(input: RegisterScalableTargetRequest, { service, region }: Context): object {
  check(input)
  const [, table = '', , index] = (input.ResourceId ?? '').split('/')
  const present = region.tables.get(table)
  if (present === undefined) throw invalid(`DynamoDB table does not exist: table/${table}`)
  if (index !== undefined && !present.globals.some(({ definition }) => definition.IndexName === index))
    throw invalid(`DynamoDB index does not exist: ${input.ResourceId}`)
  const known = region.autoscaling.targets.get(keyOf(input))
  const least = input.MinCapacity ?? known?.MinCapacity
  const most = input.MaxCapacity ?? known?.MaxCapacity
  if (least === undefined || most === undefined)
    throw invalid('MinCapacity and MaxCapacity are required for a new scalable target')
  if (least > most) throw invalid('Maximum capacity cannot be less than minimum capacity')
  const target: ScalableTarget = {
    ServiceNamespace: 'dynamodb',
    ResourceId: input.ResourceId,
    ScalableDimension: input.ScalableDimension,
    MinCapacity: least,
    MaxCapacity: most,
    RoleARN: `arn:aws:iam::${region.account}:role/${serviceRole}`,
    CreationTime: known?.CreationTime ?? wireTime(service.clock.now()),
    SuspendedState: {
      DynamicScalingInSuspended: false,
      DynamicScalingOutSuspended: false,
      ScheduledScalingSuspended: false,
      ...known?.SuspendedState,
      ...input.SuspendedState,
    },
    ScalableTargetARN:
      known?.ScalableTargetARN ??
      `arn:aws:application-autoscaling:${region.region}:${region.account}:scalable-target/` +
        randomUUID().replaceAll('-', '').slice(0, 24),
  }
  region.autoscaling.targets.set(keyOf(input), target)
  return { ScalableTargetARN: target.ScalableTargetARN }
}

function target({ autoscaling }: Region, input: Named): ScalableTarget {
  const found = autoscaling.targets.get(keyOf(input))
  if (found === undefined) {
    throw new AwsError(
      'ObjectNotFoundException',
      `No scalable target found for service namespace: ${input.ServiceNamespace}, resource ID: ` +
        `${input.ResourceId}, scalable dimension: ${input.ScalableDimension}`,
    )
  }
  return found
}

function deregister(input: DeregisterScalableTargetRequest, { region }: Context): object {
  check(input)
  target(region, input)
  region.autoscaling.targets.delete(keyOf(input))
  for (const key of region.autoscaling.policies.keys())
    if (key.startsWith(`${keyOf(input)} `)) region.autoscaling.policies.delete(key)
  for (const key of region.autoscaling.scheduled.keys())
    if (key.startsWith(`${keyOf(input)} `)) region.autoscaling.scheduled.delete(key)
  return {}
}

function putPolicy(input: PutScalingPolicyRequest, { service, region }: Context): object {
  check(input)
  target(region, input)
  if (input.PolicyName === undefined) throw invalid('PolicyName is required')
  const key = `${keyOf(input)} ${input.PolicyName}`
  const known = region.autoscaling.policies.get(key)
  if (
    known === undefined &&
    (input.PolicyType !== 'TargetTrackingScaling' || input.TargetTrackingScalingPolicyConfiguration === undefined)
  ) {
    throw invalid('DynamoDB takes policies of type TargetTrackingScaling only, with their configuration')
  }
  const alarms = ['AlarmHigh', 'AlarmLow'].map((name) => {
    const AlarmName = `TargetTracking-${input.ResourceId}-${name}-${randomUUID()}`
    return { AlarmName, AlarmARN: `arn:aws:cloudwatch:${region.region}:${region.account}:alarm:${AlarmName}` }
  })
  const policy: ScalingPolicy = {
    PolicyARN:
      known?.PolicyARN ??
      `arn:aws:autoscaling:${region.region}:${region.account}:scalingPolicy:${randomUUID()}:` +
        `resource/dynamodb/${input.ResourceId}:policyName/${input.PolicyName}`,
    PolicyName: input.PolicyName,
    ServiceNamespace: 'dynamodb',
    ResourceId: input.ResourceId,
    ScalableDimension: input.ScalableDimension,
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration:
      input.TargetTrackingScalingPolicyConfiguration ?? known?.TargetTrackingScalingPolicyConfiguration,
    Alarms: known?.Alarms ?? alarms,
    CreationTime: known?.CreationTime ?? wireTime(service.clock.now()),
  }
  region.autoscaling.policies.set(key, policy)
  return { PolicyARN: policy.PolicyARN, Alarms: policy.Alarms }
}

function putScheduledAction(input: PutScheduledActionRequest, { service, region }: Context): object {
  check(input)
  target(region, input)
  const key = `${keyOf(input)} ${input.ScheduledActionName}`
  const known = region.autoscaling.scheduled.get(key)
  region.autoscaling.scheduled.set(key, {
    ScheduledActionARN: `arn:aws:autoscaling:${region.region}:${region.account}:scheduledAction:${randomUUID()}`,
    CreationTime: wireTime(service.clock.now()),
    Schedule: undefined,
    ...known,
    ...input,
  })
  return {}
}

function describeScheduledActions(input: DescribeScheduledActionsRequest, { region }: Context): object {
  const all = [...region.autoscaling.scheduled.values()].filter(
    (each) =>
      (input.ResourceId ?? each.ResourceId) === each.ResourceId &&
      (input.ScalableDimension ?? each.ScalableDimension) === each.ScalableDimension,
  )
  const { items, next } = page(all, input.NextToken, input.MaxResults)
  return { ScheduledActions: items, ...next }
}

function deletePolicy(input: DeleteScalingPolicyRequest, { region }: Context): object {
  check(input)
  if (!region.autoscaling.policies.delete(`${keyOf(input)} ${input.PolicyName}`))
    throw new AwsError(
      'ObjectNotFoundException',
      `No scaling policy found for resource ID: ${input.ResourceId}, policy name: ${input.PolicyName}`,
    )
  return {}
}

function page<T>(
  all: readonly T[],
  token: string | undefined,
  most: number | undefined,
): { items: T[]; next: { NextToken?: string } } {
  const start = Number(token ?? 0)
  const size = Math.min(most ?? mostPerPage, mostPerPage)
  return {
    items: all.slice(start, start + size),
    next: start + size < all.length ? { NextToken: String(start + size) } : {},
  }
}

function describeTargets(input: DescribeScalableTargetsRequest, { region }: Context): object {
  if (input.ScalableDimension !== undefined && input.ResourceIds === undefined)
    throw invalid('If you specify a scalable dimension, you must also specify a resource ID')
  const all = [...region.autoscaling.targets.values()].filter(
    (each) =>
      (input.ResourceIds === undefined ||
        input.ResourceIds.length === 0 ||
        input.ResourceIds.includes(each.ResourceId ?? '')) &&
      (input.ScalableDimension ?? each.ScalableDimension) === each.ScalableDimension,
  )
  const { items, next } = page(all, input.NextToken, input.MaxResults)
  return { ScalableTargets: items, ...next }
}

function describePolicies(input: DescribeScalingPoliciesRequest, { region }: Context): object {
  const all = [...region.autoscaling.policies.values()].filter(
    (each) =>
      (input.ResourceId ?? each.ResourceId) === each.ResourceId &&
      (input.ScalableDimension ?? each.ScalableDimension) === each.ScalableDimension &&
      (input.PolicyNames === undefined ||
        input.PolicyNames.length === 0 ||
        input.PolicyNames.includes(each.PolicyName ?? '')),
  )
  const { items, next } = page(all, input.NextToken, input.MaxResults)
  return { ScalingPolicies: items, ...next }
}

/** Application Auto Scaling, for DynamoDB's tables and indexes. */
export const autoscalingOperations: Record<string, Operation> = {
  RegisterScalableTarget: register,
  DeregisterScalableTarget: deregister,
  DescribeScalableTargets: describeTargets,
  PutScalingPolicy: putPolicy,
  DeleteScalingPolicy: deletePolicy,
  DescribeScalingPolicies: describePolicies,
  PutScheduledAction: putScheduledAction,
  DescribeScheduledActions: describeScheduledActions,
}
