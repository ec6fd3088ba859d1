import type { V1Pod } from '@kubernetes/client-node'
import { Failure } from '../../../operation/failure.ts'
import { jobName } from '../../../operation/names.ts'
import type { Progress } from '../../terminal/terminal.ts'
import { longestAbsenceMs, delay, persistently } from '../api/api-error.ts'
import { jobState } from '../../../operation/outcome/job-state.ts'
import { operationPods, readJob } from './operation-job.ts'
import type { Session } from '../api/session.ts'
import { findObstacle, type Obstacle } from './start-obstacle.ts'

const betweenLooksMs = 700

function hasStarted(pod: V1Pod): boolean {
  const state = pod.status?.containerStatuses?.find(({ name }) => name === 'worker')?.state
  return (
    state?.running !== undefined ||
    (state?.terminated !== undefined &&
      state.terminated.startedAt !== undefined &&
      !['StartError', 'ContainerCannotRun'].includes(state.terminated.reason ?? ''))
  )
}

async function eventsOf(session: Session, names: readonly string[]) {
  const lists = await Promise.all(
    names.map((name) =>
      session.core
        .listNamespacedEvent({ namespace: session.namespace, fieldSelector: `involvedObject.name=${name}` })
        .catch(() => ({ items: [] })),
    ),
  )
  return lists.flatMap((list) => list.items)
}

/**
 * What keeps the newest pod of a Job from starting, or the Job from making one.
 * @param pods of the Job, oldest first
 */
export async function obstacleOf(session: Session, job: string, pods: readonly V1Pod[]): Promise<Obstacle | undefined> {
  const pod = pods.at(-1)
  return findObstacle(
    pod,
    await eventsOf(session, [job, ...(pod?.metadata?.name === undefined ? [] : [pod.metadata.name])]),
  )
}

function neverStarted(operation: string, obstacle: Obstacle): Failure {
  return new Failure({
    what: `the Job of ${operation} does not start: ${obstacle.title}`,
    why: obstacle.reason,
    next: obstacle.next,
  })
}

/**
 * Waits until the worker of an operation has started, saying meanwhile what that waits for. An obstacle is looked at
 * again for as long as it may pass by itself.
 * @throws Failure with the obstacle once it has lasted; the Job is still there then. The signal's reason
 * when it aborts, or the API's error where it cannot be asked any more.
 */
export async function waitForStart(
  session: Session,
  operation: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  let met: { title: string; sinceMs: number } | undefined
  for (;;) {
    const { job, pods, obstacle } = await persistently(
      async () => {
        const [job, pods] = await Promise.all([readJob(session, operation), operationPods(session, operation)])
        const started = pods.some(hasStarted)
        return { job, pods, obstacle: started ? undefined : await obstacleOf(session, jobName(operation), pods) }
      },
      signal,
      longestAbsenceMs,
    )
    if (pods.some(hasStarted)) return
    if (obstacle === undefined) {
      // a Job that ended so early has its verdict in record and condition
      if (jobState(job).phase !== 'active') return
      met = undefined
      const nodeName = pods.at(-1)?.spec?.nodeName
      progress.update(
        nodeName === undefined
          ? `waiting for the pod of ${operation}`
          : `waiting for the pod of ${operation} to start on ${nodeName}`,
      )
    } else {
      if (met?.title !== obstacle.title) met = { title: obstacle.title, sinceMs: Date.now() }
      progress.update(`${operation} waits for ${obstacle.title}: ${obstacle.reason}`)
      if (Date.now() - met.sinceMs >= obstacle.patienceMs) throw neverStarted(operation, obstacle)
    }
    await delay(betweenLooksMs, signal)
  }
}
