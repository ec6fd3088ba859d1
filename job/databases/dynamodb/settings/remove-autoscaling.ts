import {
  DeregisterScalableTargetCommand,
  type ApplicationAutoScalingClient,
  type DeregisterScalableTargetCommandInput,
} from '@aws-sdk/client-application-auto-scaling'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { TableSettings } from './table-settings.ts'

/**
 * Removes the scaling of a table that was deleted and of its indexes, with its policies, alarms and scheduled actions:
 * it outlives the table (Application Auto Scaling: DeregisterScalableTarget). What is gone already is left so.
 */
export async function removeAutoscaling(
  client: ApplicationAutoScalingClient,
  table: string,
  { autoscaling }: TableSettings,
): Promise<void> {
  for (const { index, dimension } of autoscaling) {
    const input = {
      ServiceNamespace: 'dynamodb' as const,
      ResourceId: index === undefined ? `table/${table}` : `table/${table}/index/${index}`,
      ScalableDimension: dimension as DeregisterScalableTargetCommandInput['ScalableDimension'],
    }
    await client.send(new DeregisterScalableTargetCommand(input)).catch((error: unknown) => {
      if (nameOf(error) !== 'ObjectNotFoundException') throw error
    })
  }
}
