import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { jobState, ownContainer } from '../../../operation/outcome/job-state.ts'
import { guardJobName, labels, type Role } from '../../../operation/names.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import { isFinal, pausedBy } from '../../../operation/outcome/outcome.ts'
import { delay, unlessMissing } from '../api/api-error.ts'
import type { Session } from '../api/session.ts'

/** The Job of an operation's guard; undefined where it has none, or none any more. */
export async function readGuardJob(session: Session, operation: string): Promise<V1Job | undefined> {
  return unlessMissing(session.batch.readNamespacedJob({ name: guardJobName(operation), namespace: session.namespace }))
}

/** The pods of an operation's guard, oldest first. */
export async function guardPods(session: Session, operation: string): Promise<V1Pod[]> {
  const labelSelector = `${labels.operation}=${operation},${labels.role}=${'guard' satisfies Role}`
  const { items } = await session.core.listNamespacedPod({ namespace: session.namespace, labelSelector })
  const createdMs = (pod: V1Pod) => pod.metadata?.creationTimestamp?.getTime() ?? 0
  return items.sort((a, b) => createdMs(a) - createdMs(b))
}

/** Whether a guard's pod guards: a sidecar may run on in it. */
export function isRunning(pod: V1Pod): boolean {
  return pod.status?.phase === 'Running' && ownContainer(pod, 'guard')?.state?.running !== undefined
}

/** Whether a guard's pod has done its work, which its Job tells only seconds later. */
function hasGuarded(pod: V1Pod): boolean {
  return ownContainer(pod, 'guard')?.state?.terminated?.exitCode === 0
}

/** Removes the guard's Job, and its pods with it; none is no error. */
export async function deleteGuardJob(session: Session, operation: string): Promise<void> {
  await unlessMissing(
    session.batch.deleteNamespacedJob({
      name: guardJobName(operation),
      namespace: session.namespace,
      propagationPolicy: 'Background',
    }),
  )
}

/** How long the guard of a failed operation is watched, ms: one that starts in vain does so in a second or two. */
const endMs = 3000
const lookMs = 300

/**
 * Removes the Job of a guard that cannot run, of an operation that is over: nobody would ever end it. One that runs
 * ends by itself, and one of servers that are still paused has work to do. Who may not delete Jobs leaves it to the TTL
 * of the worker's.
 */
export async function removeIdleGuard(session: Session, record: OperationRecord): Promise<void> {
  if (!isFinal(record) || pausedBy(record).length > 0) return
  const until = performance.now() + (record.state === 'succeeded' ? 0 : endMs)
  try {
    for (;;) {
      const { phase } = jobState(await readGuardJob(session, record.operation))
      // Suspended is one whose command ended before it had started it.
      if (phase !== 'active' && phase !== 'suspended') return
      const pods = await guardPods(session, record.operation)
      if (pods.some(hasGuarded)) return
      if (!pods.some(isRunning)) return await deleteGuardJob(session, record.operation)
      if (performance.now() > until) return
      await delay(lookMs, AbortSignal.timeout(lookMs))
    }
  } catch {
    // it does no harm
  }
}
