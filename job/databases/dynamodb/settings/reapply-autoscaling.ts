import {
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
  type ApplicationAutoScalingClient,
  type PutScalingPolicyCommandInput,
  type PutScheduledActionCommandInput,
  type RegisterScalableTargetCommandInput,
} from '@aws-sdk/client-application-auto-scaling'
import type { ScalableTargetSettings, TableSettings } from './table-settings.ts'

/**
 * Registers a table's and its indexes' scaling again. Each call creates or updates, so that one made twice does no
 * harm, and what survived the deletion of a table is brought to what it should be.
 */
export async function reapplyAutoscaling(
  client: ApplicationAutoScalingClient,
  table: string,
  { autoscaling }: TableSettings,
): Promise<void> {
  for (const target of autoscaling) await reapplyTarget(client, table, target)
}

async function reapplyTarget(
  client: ApplicationAutoScalingClient,
  table: string,
  target: ScalableTargetSettings,
): Promise<void> {
  const of = {
    ServiceNamespace: 'dynamodb' as const,
    ResourceId: target.index === undefined ? `table/${table}` : `table/${table}/index/${target.index}`,
    ScalableDimension: target.dimension as RegisterScalableTargetCommandInput['ScalableDimension'],
  }
  await client.send(
    new RegisterScalableTargetCommand({
      ...of,
      MinCapacity: target.minCapacity,
      MaxCapacity: target.maxCapacity,
      ...(target.suspended === undefined ? {} : { SuspendedState: target.suspended }),
    }),
  )
  for (const { name, type, configuration } of target.policies) {
    const policy = { PolicyName: name, PolicyType: type as PutScalingPolicyCommandInput['PolicyType'] }
    await client.send(new PutScalingPolicyCommand({ ...of, ...policy, ...configurationOf(type, configuration) }))
  }
  for (const action of target.scheduledActions) await client.send(new PutScheduledActionCommand(scheduled(of, action)))
}

function configurationOf(
  type: string,
  configuration: ScalableTargetSettings['policies'][number]['configuration'],
): Partial<PutScalingPolicyCommandInput> {
  if (type === 'StepScaling')
    return {
      StepScalingPolicyConfiguration: configuration as PutScalingPolicyCommandInput['StepScalingPolicyConfiguration'],
    }
  return {
    TargetTrackingScalingPolicyConfiguration:
      configuration as unknown as PutScalingPolicyCommandInput['TargetTrackingScalingPolicyConfiguration'],
  }
}

/** The record keeps times as text. */
function scheduled(
  of: Pick<PutScheduledActionCommandInput, 'ServiceNamespace' | 'ResourceId' | 'ScalableDimension'>,
  action: ScalableTargetSettings['scheduledActions'][number],
): PutScheduledActionCommandInput {
  const { StartTime, EndTime, ...rest } = action
  const time = (value: unknown) => (typeof value === 'string' ? new Date(value) : undefined)
  const [start, end] = [time(StartTime), time(EndTime)]
  return {
    ...(rest as unknown as PutScheduledActionCommandInput),
    ...of,
    ...(start === undefined ? {} : { StartTime: start }),
    ...(end === undefined ? {} : { EndTime: end }),
  }
}
