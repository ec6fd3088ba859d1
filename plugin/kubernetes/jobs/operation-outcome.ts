// Room: the Jobs of an operation: started, waited for, and what they came to.
// Read wait-for-job, operation-job, operation-outcome.

import type { V1Pod } from '@kubernetes/client-node'
import type { Session } from '../api/session.ts'
import type { JobState } from '../../../operation/outcome/job-state.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { endedByJob, isFinal, pausedBy, concludeByJob } from '../../../operation/outcome/outcome.ts'
import { longestAbsenceMs, persistently, delay } from '../api/api-error.ts'
import { explainApiError } from '../api/api-failure.ts'
import { readWorker } from './operation-job.ts'
import { readRecord } from '../records/records.ts'

const betweenLooksMs = 500
/** Between looks at the end of a worker whose record is final, ms. */
const nearEndMs = 150
/** A Job that has ended wrote its record before; this is for what the API server has not shown yet. ms */
const afterJobMs = 3000
/** A pause that a killed worker left is for its guard to end and record, which takes a little longer. ms */
const afterOpenPauseMs = 15_000
/** A final record is believed after this even if the Job does not end: its node may be out of reach. ms */
const afterRecordMs = 20_000

function withoutRecord(operation: string, job: JobState): Failure {
  return new Failure({
    what: `${operation} left no record`,
    why: job.phase === 'gone' ? 'neither its Job nor its record exists' : endedByJob(operation, job).why,
    next: '`kubectl scalardl get operations` shows what exists',
  })
}

/** The end of waiting before the end of the operation: exit code 6, and how to come back. */
export function detached({ namespace }: Pick<Session, 'namespace'>, operation: string, reason: unknown): Failure {
  if (reason instanceof Failure) return reason
  return new Failure(
    {
      what: `${operation} has not finished; it goes on in the cluster`,
      why:
        reason instanceof Error && reason.name === 'TimeoutError'
          ? 'the time to wait is over'
          : reason instanceof Error && reason.name === 'AbortError'
            ? 'Ctrl-C was pressed'
            : messageOf(reason),
      next: comeBack(namespace, operation),
    },
    { exitCode: ExitCode.timedOutOrDetached },
  )
}

function comeBack(namespace: string, operation: string): string {
  const command = (verb: string) => `\`kubectl scalardl ${verb} ${operation} -n ${namespace}\``
  return `come back with ${command('logs')} or ${command('wait')}; end it with ${command('cancel')}`
}

/**
 * What to throw where the API server cannot be asked about an operation any more, or does not accept the token any
 * more: exit code 6, and how to come back, since the operation goes on. Any other error is answered as it is.
 */
export function outOfReach(session: Session, operation: string, error: unknown): unknown {
  if (error instanceof Failure) return error
  const explained = explainApiError(error, session)
  if (!(explained instanceof Failure)) return error
  return new Failure(
    {
      what: `${operation} cannot be followed any more; it goes on in the cluster`,
      why: `${explained.what}: ${explained.why}`,
      next: `${explained.next}; then ${comeBack(session.namespace, operation)}`,
    },
    { exitCode: ExitCode.timedOutOrDetached, cause: error },
  )
}

/** One look at an operation: its record, and its Job as it stood just before. */
async function look(
  session: Session,
  operation: string,
  signal: AbortSignal,
): Promise<{ job: JobState; pods: V1Pod[]; record: OperationRecord | undefined }> {
  return persistently(
    async () => ({
      ...(await readWorker(session, operation)),
      record: await readRecord(session, operation),
    }),
    signal,
    longestAbsenceMs,
  )
}

/** How long after the end of the Job its record may still change, ms. */
function patienceMs(record: OperationRecord): number {
  if (pausedBy(record).length > record.stillPaused.length) return afterOpenPauseMs
  return isFinal(record) ? 0 : afterJobMs
}

/**
 * Whether nothing is left to wait for but the end of a process that has said all: Kubernetes takes a second or two to
 * tell of it. Who failed or was cancelled may have a guard that still reports; what runs beside the worker may outlive
 * it, which is only seen once that has ended.
 */
function hasSaidAll(record: OperationRecord, pods: readonly V1Pod[]): boolean {
  const isAlone = pods.at(-1)?.spec?.containers.length === 1
  return record.state === 'succeeded' && pausedBy(record).length === 0 && isAlone
}

/** Tells whoever waits that it is worth looking at once. */
export interface Hints {
  give(): void
  /** resolves with the next hint that is given from now on */
  next(): Promise<void>
}

export function hints(): Hints {
  let waiting = Promise.withResolvers<void>()
  return {
    give() {
      waiting.resolve()
      waiting = Promise.withResolvers()
    },
    next: () => waiting.promise,
  }
}

/**
 * Waits until `reached` says so of the record, or the operation has ended. The verdict is the record's, once that is of
 * a success or the worker's container or its Job has ended, never the end of a log: a Job that ended without a final
 * record gives a record that says so (see settle).
 * @param hint where the operation is followed by other means as well; it is looked at soon in any case
 * @throws Failure (exit code 6) with how to come back, once the signal aborts or the API server cannot be asked any
 * more; Failure where the operation left no record
 */
export async function awaitRecord(
  session: Session,
  operation: string,
  signal: AbortSignal,
  reached: (record: OperationRecord) => boolean,
  hint: Pick<Hints, 'next'> = hints(),
): Promise<OperationRecord> {
  let jobEndedMs: number | undefined
  let recordFinalMs: number | undefined
  try {
    for (;;) {
      const hinted = hint.next()
      const { job, pods, record } = await look(session, operation, signal)
      if (record !== undefined && (reached(record) || hasSaidAll(record, pods))) return record
      if (job.phase !== 'active') {
        jobEndedMs ??= Date.now()
        if (record === undefined) throw withoutRecord(operation, job)
        if (Date.now() - jobEndedMs >= patienceMs(record)) return concludeByJob(record, job)
      } else if (record === undefined || !isFinal(record)) {
        jobEndedMs = undefined
      } else {
        recordFinalMs ??= Date.now()
        if (Date.now() - recordFinalMs > afterRecordMs) return record
      }
      await Promise.race([hinted, delay(recordFinalMs === undefined ? betweenLooksMs : nearEndMs, signal)])
    }
  } catch (error) {
    if (signal.aborted) throw detached(session, operation, signal.reason)
    throw outOfReach(session, operation, error)
  }
}

/** Waits until an operation's record is final and its Job has ended; see awaitRecord. */
export function awaitOutcome(session: Session, operation: string, signal: AbortSignal): Promise<OperationRecord> {
  return awaitRecord(session, operation, signal, () => false)
}
