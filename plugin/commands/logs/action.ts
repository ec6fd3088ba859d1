import type { Action } from '../../command-line/command.ts'
import type { LogsFlags } from './command.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { WorkerEvent } from '../../../operation/event.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { eventOf, followEvents, followLines } from '../../kubernetes/logs/follow-log.ts'
import type { LogLine } from '../../kubernetes/logs/log-position.ts'
import { hasLog, readPodLog } from '../../kubernetes/logs/follow-pod.ts'
import { operationPods } from '../../kubernetes/jobs/operation-job.ts'
import { exitCodeOf } from '../../../operation/outcome/outcome.ts'
import { awaitOutcome, detached, outOfReach } from '../../kubernetes/jobs/operation-outcome.ts'
import { findOperation } from '../../kubernetes/records/operations.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import { watchInterventions } from '../../operations/watch-interventions.ts'
import { eventLine } from './event-line.ts'

async function showWhatThereIs(session: Session, operation: string, raw: boolean, terminal: Terminal): Promise<number> {
  let shown = 0
  const show = (line: LogLine): void => {
    if (raw) terminal.document(line.text)
    else {
      const event = eventOf(line)
      if (event === undefined) return
      terminal.data(eventLine(event, terminal.style))
    }
    shown += 1
  }
  for (const pod of (await operationPods(session, operation)).filter(hasLog))
    await readPodLog(session, pod, show, terminal.interrupted)
  return shown
}

async function showUntilItEnds(session: Session, operation: string, raw: boolean, terminal: Terminal): Promise<number> {
  let shown = 0
  const show = (print: () => void): void => {
    print()
    shown += 1
  }
  const ended = new AbortController()
  const watched = AbortSignal.any([terminal.interrupted, ended.signal])
  void watchInterventions(session, operation, (text) => terminal.warning(text), watched)
  try {
    if (raw)
      await followLines(session, operation, ({ text }) => show(() => terminal.document(text)), terminal.interrupted)
    else {
      const line = (event: WorkerEvent) => show(() => terminal.data(eventLine(event, terminal.style)))
      await followEvents(session, operation, line, terminal.interrupted)
    }
  } catch (error) {
    throw terminal.interrupted.aborted
      ? detached(session, operation, terminal.interrupted.reason)
      : outOfReach(session, operation, error)
  } finally {
    ended.abort()
  }
  return shown
}

/** Shows an operation's log. Followed to its end, the exit code is the operation's own. */
export const runLogs: Action<LogsFlags> = async (flags, session, terminal) => {
  const { operation } = await findOperation(session, flags.operation)
  const raw = flags.raw || flags.output === 'json'
  const shown = await (flags.follow ? showUntilItEnds : showWhatThereIs)(session, operation, raw, terminal)
  if (shown === 0)
    terminal.warning(
      `no pod of ${operation} is left whose log could be read; ` +
        `\`kubectl scalardl describe operation ${operation} -n ${session.namespace}\` shows its record`,
    )
  if (!flags.follow) return ExitCode.done
  const record = await awaitOutcome(session, operation, terminal.interrupted)
  showVerdict(terminal, record)
  return exitCodeOf(record)
}
