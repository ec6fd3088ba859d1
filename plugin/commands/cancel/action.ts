import type { Action } from '../../command-line/command.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { CancelFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { statusCode } from '../../kubernetes/api/api-error.ts'
import { removeIdleGuard } from '../../kubernetes/jobs/guard-job.ts'
import { suspendJob } from '../../kubernetes/jobs/operation-job.ts'
import { exitCodeOf, isFinal, pausedBy } from '../../../operation/outcome/outcome.ts'
import { awaitOutcome, outOfReach } from '../../kubernetes/jobs/operation-outcome.ts'
import { findOperation, recordOf } from '../../kubernetes/records/operations.ts'
import { changeRecord, readRecord, writeRecord } from '../../kubernetes/records/records.ts'
import { timeLimit } from '../../kubernetes/api/time-limit.ts'
import { showVerdict, verdictLine } from '../../presentation/verdict.ts'

function alreadyEnded(record: OperationRecord): Failure {
  const paused = pausedBy(record).length > 0
  return new Failure(
    {
      what: `${record.operation} cannot be cancelled`,
      why: `it has already ended: ${record.state}${paused ? `, and left ${pausedBy(record).join(', ')} paused` : ''}`,
      next: paused
        ? `run \`kubectl scalardl unpause ${record.releases.join(' ')} -n ${record.namespace}\``
        : `\`kubectl scalardl describe operation ${record.operation} -n ${record.namespace}\` tells how`,
    },
    { exitCode: paused ? ExitCode.stillPaused : ExitCode.failed },
  )
}

/**
 * Records the end of an operation whose worker could not: it never ran, or was killed before it had put everything
 * back.
 */
async function keepVerdict(session: Session, settled: OperationRecord): Promise<void> {
  const found = await changeRecord(session, settled.operation, (record) => (isFinal(record) ? undefined : settled))
  if (found === undefined) await writeRecord(session, settled)
}

/** The outcome of a Job that was asked to end. Without a record of its worker, what the Job alone tells. */
async function outcomeOf(session: Session, before: OperationRecord, signal: AbortSignal): Promise<OperationRecord> {
  await writeRecord(session, before).catch((error: unknown) => {
    if (statusCode(error) !== 409) throw error
  })
  return awaitOutcome(session, before.operation, signal)
}

/** Ends an operation by suspending its Job, and waits for its end. */
export const runCancel: Action<CancelFlags> = async (flags, session, terminal) => {
  const signal = timeLimit(flags.timeout, terminal.interrupted)
  const stored = await findOperation(session, flags.operation)
  const before = recordOf(stored)
  if (isFinal(before)) throw alreadyEnded(before)
  const progress = terminal.begin(`asking ${before.operation} to end`)
  try {
    await suspendJob(session, before.operation)
  } catch (error) {
    progress.fail(`${before.operation} was not asked to end`)
    if (statusCode(error) !== 404 && statusCode(error) !== 422) throw error
    throw alreadyEnded((await readRecord(session, before.operation)) ?? before)
  }
  progress.update(`waiting for ${before.operation} to unpause and end`)
  let record: OperationRecord
  try {
    record = await outcomeOf(session, before, signal)
    await keepVerdict(session, record)
    await removeIdleGuard(session, record)
  } catch (error) {
    progress.warn(`${before.operation} was asked to end`)
    throw outOfReach(session, before.operation, error)
  }
  const paused = pausedBy(record).length > 0
  if (record.state === 'cancelled' && !paused) {
    progress.succeed(verdictLine(record))
    return ExitCode.done
  }
  progress.fail(
    record.state === 'succeeded'
      ? `${record.operation} had succeeded before it could be cancelled`
      : `${record.operation} has ended`,
  )
  showVerdict(terminal, record)
  return record.state === 'succeeded' && !paused ? ExitCode.failed : exitCodeOf(record)
}
