import { apiMessage } from '../kubernetes/api/api-error.ts'
import { removeIdleGuard } from '../kubernetes/jobs/guard-job.ts'
import { followEvents } from '../kubernetes/logs/follow-log.ts'
import { operationPods } from '../kubernetes/jobs/operation-job.ts'
import { awaitRecord, hints } from '../kubernetes/jobs/operation-outcome.ts'
import type { Session } from '../kubernetes/api/session.ts'
import type { Obstacle } from '../kubernetes/jobs/start-obstacle.ts'
import { watchGuardStart } from '../kubernetes/jobs/watch-guard.ts'
import type { WorkerEvent } from '../../operation/event.ts'
import { lingeringSidecars } from '../../operation/outcome/job-state.ts'
import { jobName } from '../../operation/names.ts'
import type { OperationRecord } from '../../operation/record.ts'
import { isFinal } from '../../operation/outcome/outcome.ts'
import { eventView } from '../terminal/render-events.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { watchInterventions } from './watch-interventions.ts'

/** How long the log may still be read once the operation's verdict is known, ms. */
const lastLinesMs = 3000

/** How a command follows an operation. */
export interface Following {
  /** ends it early, once the record says so */
  reached?: (record: OperationRecord) => boolean
  /** leaves out events that the command shows in its own way */
  shows?: (event: WorkerEvent) => boolean
}

/** Shows at once why the guard does not start; the worker gives up only after a while. */
function showGuardObstacle(terminal: Terminal, operation: string, { title, reason, next }: Obstacle): void {
  terminal.warning(
    `${operation} pauses nothing before its guard has started, and the guard waits for ${title}: ${reason}; ` +
      `${next}, or do without it by --guard=false`,
  )
}

/** Warns of sidecars that still run: until they end, Kubernetes keeps the pod running and its Job unfinished. */
async function warnOfSidecars(session: Session, terminal: Terminal, operation: string): Promise<void> {
  const pods = await operationPods(session, operation).catch(() => [])
  const sidecars = lingeringSidecars(pods.at(-1))
  if (sidecars.length === 0) return
  terminal.warning(
    `the worker has ended, but its pod does not, since ${sidecars.join(', ')} runs on in it; ` +
      `remove it with \`kubectl delete job ${jobName(operation)} -n ${session.namespace}\`, ` +
      'and keep such containers out of the Job by the labels or annotations of their injector, see --patch',
  )
}

/**
 * Shows an operation's events until its record says `reached` or it has ended. The verdict comes from record and Job,
 * never from the log.
 * @param signal ends the following, not the operation
 * @throws Failure (exit code 6) with how to come back, once the signal aborts or the API server no longer answers
 */
export async function followOperation(
  session: Session,
  terminal: Terminal,
  operation: string,
  signal: AbortSignal,
  { reached = () => false, shows = () => true }: Following = {},
): Promise<OperationRecord> {
  const view = eventView(terminal)
  const enough = new AbortController()
  const news = hints()
  const lastWord = Promise.withResolvers<void>()
  const following = followEvents(
    session,
    operation,
    (event) => {
      if (shows(event)) view.show(event)
      if (event.code === 'paused' || event.code === 'finished') news.give()
      if (event.code === 'finished') lastWord.resolve()
    },
    AbortSignal.any([signal, enough.signal]),
  ).catch((error: unknown) => {
    // the verdict does not depend on the log
    if (!signal.aborted && !enough.signal.aborted)
      terminal.warning(`the log of ${operation} cannot be followed: ${apiMessage(error)}`)
  })
  void watchGuardStart(
    session,
    operation,
    (obstacle) => showGuardObstacle(terminal, operation, obstacle),
    AbortSignal.any([signal, enough.signal]),
  ).catch(() => undefined)
  void watchInterventions(session, operation, view.interrupt, AbortSignal.any([signal, enough.signal]))
  try {
    const record = await awaitRecord(session, operation, signal, reached, news)
    const timer = setTimeout(() => enough.abort(), reached(record) ? 0 : lastLinesMs)
    await Promise.all([Promise.race([following, lastWord.promise]), removeIdleGuard(session, record)])
    clearTimeout(timer)
    if (isFinal(record)) await warnOfSidecars(session, terminal, operation)
    return record
  } finally {
    enough.abort()
    view.end()
  }
}
