import type { V1Pod } from '@kubernetes/client-node'
import type { Session } from '../api/session.ts'
import type { LogLine } from './log-position.ts'
import { Failure } from '../../../operation/failure.ts'
import {
  Backoff,
  apiMessage,
  isTransient,
  longestAbsenceMs,
  delay,
  statusCode,
  unlessMissing,
} from '../api/api-error.ts'
import { LogPosition } from './log-position.ts'
import { readLog } from './log-stream.ts'

/** How long to ask again for a log that is only shown, ms. */
const onceMoreMs = 15_000

/** The container that does the work, also where something injected others. */
export function workerContainer(pod: V1Pod): string {
  const names = pod.spec?.containers.map(({ name }) => name) ?? []
  return names.includes('worker') ? 'worker' : (names[0] ?? 'worker')
}

function containerState(pod: V1Pod): 'waiting' | 'running' | 'terminated' {
  const state = pod.status?.containerStatuses?.find((status) => status.name === workerContainer(pod))?.state
  if (state?.terminated !== undefined) return 'terminated'
  return state?.running === undefined ? 'waiting' : 'running'
}

/** Whether the pod's container has ever begun, so that there is a log. */
export function hasLog(pod: V1Pod): boolean {
  return containerState(pod) !== 'waiting'
}

/**
 * Follows one pod's log from its beginning until its container has ended and everything is read, or the pod is gone.
 * Connections that break are made again, with delays that double up to 5 s.
 * @throws Failure where the log may not be read; the API's error where it refuses the token, or has not answered for 10
 * minutes
 */
export async function followPod(
  session: Session,
  pod: V1Pod,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = pod.metadata?.name ?? ''
  const uid = pod.metadata?.uid
  const log = { pod: name, container: workerContainer(pod) }
  const position = new LogPosition()
  const backoff = new Backoff()
  let unfinished = ''
  let ended = false
  let news = false
  let lastAnswerMs = Date.now()

  const receive = (raw: string): void => {
    lastAnswerMs = Date.now()
    backoff.reset()
    const line = position.accept(raw)
    if (line === undefined) return
    news = true
    onLine(line)
  }

  for (;;) {
    signal.throwIfAborted()
    try {
      position.reconnect()
      news = false
      const rest = await readLog(session, { ...log, follow: !ended, sinceTime: position.sinceTime }, receive, signal)
      lastAnswerMs = Date.now()
      // An API server that goes down ends the answer as if the log ended there; so only a second reading with the same
      // end is believed.
      const sameEnd = !news && rest === unfinished
      unfinished = rest
      if (ended && sameEnd) break
      if (ended) continue
      const now = await unlessMissing(session.core.readNamespacedPod({ name, namespace: session.namespace }))
      if (now === undefined || now.metadata?.uid !== uid) break
      if (containerState(now) === 'terminated') {
        ended = true
        continue
      }
    } catch (error) {
      signal.throwIfAborted()
      const code = statusCode(error)
      // The pod is gone, or its node no longer has the container: there is nothing more to read.
      if (code === 404) break
      // 400: the container has not started, or has just been removed.
      if (code === 403) throw unreadable(name, error)
      if ((!isTransient(error) && code !== 400) || Date.now() - lastAnswerMs > longestAbsenceMs) throw error
      if (code === 400 && ended) break
    }
    await delay(backoff.next(), signal)
  }
  if (unfinished !== '') receive(unfinished)
}

/**
 * Reads the log of a pod as it stands now, each line once, and keeps none. Asks again for 15 s where the connection
 * breaks.
 * @throws Failure where it cannot be read; the signal's reason once it aborts
 */
export async function readPodLog(
  session: Session,
  pod: V1Pod,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = pod.metadata?.name ?? ''
  const log = { pod: name, container: workerContainer(pod), follow: false }
  const position = new LogPosition()
  const backoff = new Backoff()
  let lastAnswerMs = Date.now()
  const receive = (raw: string): void => {
    lastAnswerMs = Date.now()
    const line = position.accept(raw)
    if (line !== undefined) onLine(line)
  }
  for (;;) {
    signal.throwIfAborted()
    position.reconnect()
    try {
      const rest = await readLog(session, { ...log, sinceTime: position.sinceTime }, receive, signal)
      if (rest !== '') receive(rest)
      return
    } catch (error) {
      signal.throwIfAborted()
      if (!isTransient(error) || Date.now() - lastAnswerMs > onceMoreMs) throw unreadable(name, error)
    }
    await delay(backoff.next(), signal)
  }
}

function unreadable(pod: string, error: unknown): Failure {
  return new Failure(
    {
      what: `the log of pod ${pod} cannot be read`,
      why: apiMessage(error),
      next:
        'the operation goes on without it; look at `kubectl scalardl get operations`, ' +
        'and ask for the right to get pods/log if it is missing',
    },
    { cause: error },
  )
}
