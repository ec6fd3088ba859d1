import type { ScalableTarget, ScalingPolicy, ScheduledAction } from '@aws-sdk/client-application-auto-scaling'

/** Targets, policies and scheduled actions by resource and dimension; they know nothing of tables and outlive them. */
export class Autoscaling {
  readonly targets = new Map<string, ScalableTarget>()
  readonly policies = new Map<string, ScalingPolicy>()
  readonly scheduled = new Map<string, ScheduledAction>()
}
