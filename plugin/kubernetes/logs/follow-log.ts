// Room: an operation's log, followed over dropped connections and replaced pods.
// Read follow-log, follow-pod, log-position.

import type { WorkerEvent } from '../../../operation/event.ts'
import type { Session } from '../api/session.ts'
import type { LogLine } from './log-position.ts'
import { parseEvent } from '../../../operation/event.ts'
import { longestAbsenceMs, delay, persistently } from '../api/api-error.ts'
import { followPod, hasLog } from './follow-pod.ts'
import { workerState } from '../../../operation/outcome/job-state.ts'
import { operationPods, readJob } from '../jobs/operation-job.ts'

/** How often to look for the next pod where none has a log, ms. */
const betweenPodsMs = 700

/** A line of the worker's log and the pod that wrote it. */
export interface WorkerLine extends LogLine {
  podUid: string
}

/**
 * Follows the logs of an operation's pods, one after the other, each line once and none left out, until its Job is
 * finished, suspended or gone and the last pod's log is read to its end. Survives dropped connections and replaced
 * pods.
 * @throws Failure where a log may not be read; the API's error where it cannot be asked; the signal's reason once it
 * aborts
 */
export async function followLines(
  session: Session,
  operation: string,
  onLine: (line: WorkerLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const read = new Set<string>()
  for (;;) {
    // The Job first: a pod that it made before it finished is then in the list.
    const { finished, pods } = await persistently(
      async () => {
        const job = await readJob(session, operation)
        const pods = await operationPods(session, operation)
        return { finished: workerState(job, pods).phase !== 'active', pods }
      },
      signal,
      longestAbsenceMs,
    )
    const unread = pods.filter((pod) => !read.has(pod.metadata?.uid ?? ''))
    const next = unread.find(hasLog)
    if (next !== undefined) {
      const podUid = next.metadata?.uid ?? ''
      await followPod(session, next, (line) => onLine({ ...line, podUid }), signal)
      read.add(podUid)
      continue
    }
    // A pod that is going away without having begun may still begin; one that is not never will, its Job being over.
    if (finished && !unread.some((pod) => pod.metadata?.deletionTimestamp !== undefined)) return
    await delay(betweenPodsMs, signal)
  }
}

/**
 * A line as an event; one that is none (a crash, a tool's output) as a `note` with `seq` 0; an empty line is nothing.
 */
export function eventOf(line: LogLine): WorkerEvent | undefined {
  if (line.text.trim() === '') return undefined
  return (
    parseEvent(line.text) ?? {
      seq: 0,
      time: line.time ?? new Date().toISOString(),
      level: 'info',
      code: 'note',
      message: line.text,
    }
  )
}

/**
 * The same as events. An event is known by its pod and `seq`, and shown once.
 * @throws as followLines
 */
export async function followEvents(
  session: Session,
  operation: string,
  onEvent: (event: WorkerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const lastSeq = new Map<string, number>()
  await followLines(
    session,
    operation,
    (line) => {
      const event = eventOf(line)
      if (event === undefined || (event.seq > 0 && event.seq <= (lastSeq.get(line.podUid) ?? 0))) return
      if (event.seq > 0) lastSeq.set(line.podUid, event.seq)
      onEvent(event)
    },
    signal,
  )
}
