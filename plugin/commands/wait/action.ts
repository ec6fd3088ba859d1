import type { Action } from '../../command-line/command.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import type { Milestone, WaitFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { exitCodeOf, isFinal } from '../../../operation/outcome/outcome.ts'
import { awaitOutcome, awaitRecord } from '../../kubernetes/jobs/operation-outcome.ts'
import { findOperation } from '../../kubernetes/records/operations.ts'
import { watchInterventions } from '../../operations/watch-interventions.ts'
import { timeLimit } from '../../kubernetes/api/time-limit.ts'
import { printOne } from '../../terminal/print.ts'
import { operationPresentation } from '../../presentation/operation-columns.ts'
import { showVerdict, verdictLine } from '../../presentation/verdict.ts'

const reaches: Record<Exclude<Milestone, 'finished'>, readonly string[]> = {
  recorded: ['recorded', 'restorable'],
  restorable: ['restorable'],
}

/** Waits for an operation. @returns its exit code, or 0 once the milestone that was asked for is reached */
export const runWait: Action<WaitFlags> = async (flags, session, terminal) => {
  const signal = timeLimit(flags.timeout, terminal.interrupted)
  const { operation, kind } = await findOperation(session, flags.operation)
  const milestone = flags.for
  if (milestone !== 'finished' && kind !== 'backup') {
    throw new Failure(
      {
        what: `${operation} will never be ${milestone}`,
        why: kind === undefined ? 'it is not a backup' : `it is a ${kind}, and only a backup has a restore point`,
        next: `run \`kubectl scalardl wait ${operation} -n ${session.namespace}\` without --for`,
      },
      { exitCode: ExitCode.usage },
    )
  }
  const progress = terminal.begin(`waiting for ${operation} to be ${milestone}`)
  const reached = (record: OperationRecord) =>
    milestone !== 'finished' && (reaches[milestone] ?? []).includes(record.backup?.state ?? '')
  let record: OperationRecord
  const ended = new AbortController()
  const watched = AbortSignal.any([signal, ended.signal])
  void watchInterventions(session, operation, (text) => terminal.warning(text), watched)
  try {
    record =
      milestone === 'finished'
        ? await awaitOutcome(session, operation, signal)
        : await awaitRecord(session, operation, signal, reached)
  } catch (error) {
    progress.warn(`stopped waiting for ${operation}`)
    throw error
  } finally {
    ended.abort()
  }
  const good = reached(record) || exitCodeOf(record) === ExitCode.done
  if (good) progress.succeed(verdictLine(record))
  else {
    progress.fail(`waited for ${operation}`)
    showVerdict(terminal, record)
  }
  if (flags.output !== 'table')
    printOne(terminal, flags.output, { operation, kind, createdAt: record.createdAt, record }, operationPresentation)
  return reached(record) && !isFinal(record) ? ExitCode.done : exitCodeOf(record)
}
