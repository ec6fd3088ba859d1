import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { Session } from './session.ts'
import { jobName, labels } from '../../operation/names.ts'
import { unlessMissing } from './api-error.ts'

/** How the Job of an operation stands. */
export interface JobState {
  /** active: may still do something; gone: there is no Job */
  phase: 'active' | 'complete' | 'failed' | 'suspended' | 'gone'
  /** the condition's reason and message */
  reason?: string
  message?: string
}

export async function readJob(session: Session, operation: string): Promise<V1Job | undefined> {
  return unlessMissing(session.batch.readNamespacedJob({ name: jobName(operation), namespace: session.namespace }))
}

/** What the Job's conditions say. A suspended Job does nothing more, which is how `cancel` ends one. */
export function jobState(job: V1Job | undefined): JobState {
  if (job === undefined) return { phase: 'gone' }
  const met = (type: string) => job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
  const [phase, condition] =
    met('Complete') === undefined
      ? met('Failed') === undefined
        ? (['suspended', met('Suspended')] as const)
        : (['failed', met('Failed')] as const)
      : (['complete', met('Complete')] as const)
  if (condition === undefined) return { phase: 'active' }
  return {
    phase,
    ...(condition.reason === undefined ? {} : { reason: condition.reason }),
    ...(condition.message === undefined ? {} : { message: condition.message }),
  }
}

/** The pods of an operation's own Job, oldest first; a guard's pods carry the same operation label and are left out. */
export async function operationPods(session: Session, operation: string): Promise<V1Pod[]> {
  const { items } = await session.core.listNamespacedPod({
    namespace: session.namespace,
    labelSelector: `${labels.operation}=${operation}`,
  })
  return items.filter((pod) => [undefined, jobName(operation)].includes(jobOf(pod))).sort((a, b) => createdMs(a) - createdMs(b))
}

function jobOf(pod: V1Pod): string | undefined {
  return pod.metadata?.labels?.['batch.kubernetes.io/job-name'] ?? pod.metadata?.labels?.['job-name']
}

function createdMs(pod: V1Pod): number {
  return pod.metadata?.creationTimestamp?.getTime() ?? 0
}
