import type { ScalableTarget, ScalingPolicy } from '@aws-sdk/client-application-auto-scaling'

/** Targets and policies by resource and dimension; they know nothing of tables and outlive them. */
export class Autoscaling {
  readonly targets = new Map<string, ScalableTarget>()
  readonly policies = new Map<string, ScalingPolicy>()
}
