// Room: what an operation came to, judged by its record and its Job.
// Read outcome, job-state, pause-ownership, backup-in-use.

import { labels } from '../names.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure, type FailureText } from '../failure.ts'
import type { JobState } from './job-state.ts'
import { pauseNumber, type OperationRecord, type PauseWindowRecord } from '../record.ts'

export function isFinal(record: OperationRecord): boolean {
  return record.state === 'succeeded' || record.state === 'failed' || record.state === 'cancelled'
}

/** Whether a window is still open, and nobody has written down that all of its servers were unpaused. */
export function isHeld({ verdict, allUnpausedAt }: PauseWindowRecord): boolean {
  return verdict === 'open' && allUnpausedAt === undefined
}

/**
 * Pods that the record leaves paused: those it says could not be unpaused, and those of a window that nobody closed,
 * less those that the guard has unpaused since.
 */
export function pausedBy(record: OperationRecord): string[] {
  const open = record.windows.filter(isHeld).flatMap((window) => window.endpoints.map((endpoint) => endpoint.address))
  // Only the last window can be open.
  const last = pauseNumber(record, record.windows.length - 1)
  const byGuard =
    record.guard?.interventions.filter(({ pause }) => pause === last).flatMap(({ unpaused }) => unpaused) ?? []
  return [...new Set([...record.stillPaused, ...open])].filter((address) => !byGuard.includes(address))
}

/** The labels of a record beside those of every part: how it ended, where nothing is left to end. */
export function recordLabels(record: OperationRecord): Record<string, string> {
  return isFinal(record) && pausedBy(record).length === 0 ? { [labels.ended]: record.state } : {}
}

/** The exit code of an operation that has ended, from its record; 6 while it has not. */
export function exitCodeOf(record: OperationRecord): ExitCode {
  if (!isFinal(record)) return ExitCode.timedOutOrDetached
  if (pausedBy(record).length > 0) return ExitCode.stillPaused
  const code = Object.values(ExitCode).find((known) => known === record.exitCode)
  // 5 is no longer true where the guard has unpaused what the worker could not.
  if (code !== undefined && code !== ExitCode.stillPaused) return code
  if (record.backup?.state === 'unusable') return ExitCode.backupUnusable
  return record.state === 'succeeded' ? ExitCode.done : ExitCode.failed
}

/** What an operation of another command failed of, with the exit code that it has there; undefined where it did not. */
export function failureOf(record: OperationRecord): Failure | undefined {
  return record.failure && new Failure(record.failure, { exitCode: exitCodeOf(record) })
}

/** Why a Job that is over ended an operation whose record does not say so itself. */
export function endedByJob(operation: string, job: JobState): FailureText {
  const again = operation.startsWith('backup-')
    ? 'run the backup again under another name'
    : `look at \`kubectl scalardl describe operation ${operation}\` before doing it again`
  if (job.said !== undefined) return job.said
  const what = `${operation} ended without a verdict of its own`
  const detail = job.message === undefined ? '' : ` (${job.message})`
  if (job.phase === 'gone') return { what, why: 'its Job was deleted while it ran', next: again }
  if (job.phase === 'suspended')
    return { what: `${operation} was cancelled`, why: 'its Job was suspended', next: again }
  if (job.reason === 'DeadlineExceeded')
    return { what, why: `it ran longer than its Job may${detail}`, next: `${again}, with a longer --timeout` }
  if (job.phase === 'complete') return { what, why: 'its Job completed and its record was never finished', next: again }
  return {
    what,
    why: `its worker was killed${detail === '' ? '' : `; the Job says ${job.reason}${detail}`}`,
    next: again,
  }
}

function neverBegan({ operation }: OperationRecord): FailureText {
  return {
    what: `${operation} never began`,
    why: 'the command that made it ended before its Job was made, or the Job was deleted before it started',
    next: 'run the command again',
  }
}

/**
 * What a record means once its Job is over: itself where it is final, else an end that the Job's condition tells. A
 * window that is still open proves nothing; a backup that did not come to its end is unusable unless its data was
 * already complete.
 */
export function concludeByJob(record: OperationRecord, job: JobState): OperationRecord {
  if (isFinal(record) || job.phase === 'active') return record
  const failure =
    record.state === 'pending' && job.phase === 'gone' ? neverBegan(record) : endedByJob(record.operation, job)
  const backup =
    record.backup === undefined || record.backup.state === 'restorable' || record.backup.state === 'unusable'
      ? record.backup
      : { ...record.backup, state: 'unusable' as const, reason: failure.why }
  const settled: OperationRecord = {
    ...record,
    state: job.phase === 'suspended' ? 'cancelled' : 'failed',
    failure,
    finishedAt: record.finishedAt ?? new Date().toISOString(),
    stillPaused: pausedBy(record),
    windows: record.windows.map((window) =>
      window.verdict === 'open' ? { ...window, verdict: 'void', reasons: [...window.reasons, failure.why] } : window,
    ),
    ...(backup === undefined ? {} : { backup }),
  }
  return { ...settled, exitCode: exitCodeOf(settled) }
}
