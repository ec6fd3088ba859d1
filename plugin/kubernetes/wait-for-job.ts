import type { V1Pod } from '@kubernetes/client-node'
import { Failure } from '../../operation/failure.ts'
import { jobName } from '../../operation/names.ts'
import type { Progress } from '../terminal/terminal.ts'
import { pauseFor } from './api-error.ts'
import { jobState } from '../../operation/job-state.ts'
import { operationPods, readJob } from './operation-job.ts'
import type { Session } from './session.ts'
import { findObstacle, type Obstacle } from './start-obstacle.ts'

const betweenLooksMs = 700

function hasStarted(pod: V1Pod): boolean {
  return (pod.status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined || (state?.terminated !== undefined && state.terminated.startedAt !== undefined && !['StartError', 'ContainerCannotRun'].includes(state.terminated.reason ?? '')))
}

async function eventsOf(session: Session, names: readonly string[]) {
  const lists = await Promise.all(
    names.map((name) => session.core.listNamespacedEvent({ namespace: session.namespace, fieldSelector: `involvedObject.name=${name}` }).catch(() => ({ items: [] }))),
  )
  return lists.flatMap((list) => list.items)
}

/**
 * How the start of a Job stands.
 * @param pods of the Job, oldest first
 */
export async function lookAtStart(session: Session, job: string, pods: readonly V1Pod[]): Promise<{ started: boolean; pod: V1Pod | undefined; obstacle: Obstacle | undefined }> {
  const pod = pods.at(-1)
  if (pods.some(hasStarted)) return { started: true, pod, obstacle: undefined }
  return { started: false, pod, obstacle: findObstacle(pod, await eventsOf(session, [job, ...(pod?.metadata?.name === undefined ? [] : [pod.metadata.name])])) }
}

function neverStarted(operation: string, obstacle: Obstacle): Failure {
  return new Failure({ what: `the Job of ${operation} does not start: ${obstacle.title}`, why: obstacle.reason, next: obstacle.next })
}

/**
 * Waits until the worker of an operation has started, saying meanwhile what that waits for. An obstacle is looked at again for
 * as long as it may pass by itself.
 * @throws Failure with the obstacle once it has lasted; the Job is still there then. The signal's reason when it aborts.
 */
export async function waitForStart(session: Session, operation: string, progress: Progress, signal: AbortSignal): Promise<void> {
  let met: { title: string; sinceMs: number } | undefined
  for (;;) {
    signal.throwIfAborted()
    const [job, pods] = await Promise.all([readJob(session, operation), operationPods(session, operation)])
    const { started, pod, obstacle } = await lookAtStart(session, jobName(operation), pods)
    if (started) return
    if (obstacle === undefined) {
      // a Job that ended so early has its verdict in record and condition
      if (jobState(job).phase !== 'active') return
      met = undefined
      progress.update(pod?.spec?.nodeName === undefined ? `waiting for the pod of ${operation}` : `waiting for the pod of ${operation} to start on ${pod.spec.nodeName}`)
    } else {
      if (met?.title !== obstacle.title) met = { title: obstacle.title, sinceMs: Date.now() }
      progress.update(`${operation} waits for ${obstacle.title}: ${obstacle.reason}`)
      if (Date.now() - met.sinceMs >= obstacle.patienceMs) throw neverStarted(operation, obstacle)
    }
    await pauseFor(betweenLooksMs, signal)
  }
}
