import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { Session } from './session.ts'
import { parseEvent } from '../../operation/event.ts'
import type { FailureText } from '../../operation/failure.ts'
import { jobName, labels } from '../../operation/names.ts'
import { failureSchema } from '../../operation/record.ts'
import { unlessMissing } from './api-error.ts'

/** How the Job of an operation stands. */
export interface JobState {
  /** active: may still do something; gone: there is no Job */
  phase: 'active' | 'complete' | 'failed' | 'suspended' | 'gone'
  /** the condition's reason and message */
  reason?: string
  message?: string
  /** what the worker itself gave as the cause, where it could write no record of it */
  said?: FailureText
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

/** A pod that outlives its grace period by this is on a node that no longer answers; nobody waits for it. ms */
const lostPodMs = 30_000

function mayStillWork(pod: V1Pod): boolean {
  const { deletionTimestamp } = pod.metadata ?? {}
  // The timestamp is when its grace period ends.
  if (deletionTimestamp !== undefined && Date.now() > deletionTimestamp.getTime() + lostPodMs) return false
  return pod.status?.phase === 'Running' || (pod.status?.phase === 'Pending' && deletionTimestamp !== undefined)
}

/**
 * How the Job of an operation stands, its pods considered: a suspended or deleted one is active as long as its worker still
 * has its grace period to unpause in.
 */
export async function readJobState(session: Session, operation: string): Promise<JobState> {
  const state = jobState(await readJob(session, operation))
  if (state.phase === 'active' || state.phase === 'complete') return state
  const pods = await operationPods(session, operation)
  if (pods.some(mayStillWork)) return { phase: 'active' }
  const said = lastWords(pods)
  return said === undefined ? state : { ...state, said }
}

/** The failure that the newest worker ended with, of the end of its log that the kubelet keeps in the pod's status. */
function lastWords(pods: readonly V1Pod[]): FailureText | undefined {
  const lines = pods.at(-1)?.status?.containerStatuses?.flatMap(({ state }) => state?.terminated?.message?.split('\n') ?? []) ?? []
  const failed = lines.map(parseEvent).findLast((event) => event?.code === 'failed')
  return failureSchema.safeParse(failed?.data).data
}

/** Asks a Job to end: its pods get SIGTERM, and no other follows them. */
export async function suspendJob(session: Session, operation: string): Promise<void> {
  await session.request({
    method: 'PATCH',
    path: `/apis/batch/v1/namespaces/${session.namespace}/jobs/${jobName(operation)}`,
    body: { type: 'application/merge-patch+json', text: JSON.stringify({ spec: { suspend: true } }) },
  })
}

/** Removes the Job of an operation, and its pods with it; none is no error. */
export async function deleteJob(session: Session, operation: string): Promise<void> {
  await unlessMissing(session.batch.deleteNamespacedJob({ name: jobName(operation), namespace: session.namespace, propagationPolicy: 'Background' }))
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
