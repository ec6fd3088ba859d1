import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { Session } from '../api/session.ts'
import { workerState, type JobState } from '../../../operation/outcome/job-state.ts'
import { jobName, labels } from '../../../operation/names.ts'
import { unlessMissing } from '../api/api-error.ts'
import { deleteGuardJob } from './guard-job.ts'

export async function readJob(session: Session, operation: string): Promise<V1Job | undefined> {
  return unlessMissing(session.batch.readNamespacedJob({ name: jobName(operation), namespace: session.namespace }))
}

/** How the worker of an operation stands, by its Job and its pods; see workerState. */
export async function readJobState(session: Session, operation: string): Promise<JobState> {
  return (await readWorker(session, operation)).job
}

/** The same with the pods, oldest first. */
export async function readWorker(session: Session, operation: string): Promise<{ job: JobState; pods: V1Pod[] }> {
  // The Job first: a pod that it made before it finished is then in the list.
  const job = await readJob(session, operation)
  const pods = await operationPods(session, operation)
  return { job: workerState(job, pods), pods }
}

/** Asks a Job to end: its pods get SIGTERM, and no other follows them. */
export async function suspendJob(session: Session, operation: string): Promise<void> {
  await session.request({
    method: 'PATCH',
    path: `/apis/batch/v1/namespaces/${session.namespace}/jobs/${jobName(operation)}`,
    body: { type: 'application/merge-patch+json', text: JSON.stringify({ spec: { suspend: true } }) },
  })
}

/** Removes the Jobs of an operation, and their pods with them; none is no error. */
export async function deleteJobs(session: Session, operation: string): Promise<void> {
  await deleteGuardJob(session, operation)
  await unlessMissing(
    session.batch.deleteNamespacedJob({
      name: jobName(operation),
      namespace: session.namespace,
      propagationPolicy: 'Background',
    }),
  )
}

/** The pods of an operation's own Job, oldest first; a guard's pods carry the same operation label and are left out. */
export async function operationPods(session: Session, operation: string): Promise<V1Pod[]> {
  const { items } = await session.core.listNamespacedPod({
    namespace: session.namespace,
    labelSelector: `${labels.operation}=${operation}`,
  })
  return items
    .filter((pod) => [undefined, jobName(operation)].includes(jobOf(pod)))
    .sort((a, b) => createdMs(a) - createdMs(b))
}

function jobOf(pod: V1Pod): string | undefined {
  return pod.metadata?.labels?.['batch.kubernetes.io/job-name'] ?? pod.metadata?.labels?.['job-name']
}

function createdMs(pod: V1Pod): number {
  return pod.metadata?.creationTimestamp?.getTime() ?? 0
}
