import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { checkName, defaultName, operationName } from '../../../operation/names.ts'
import { wholeSecondOf } from '../../../operation/outcome/pause-window.ts'
import { newRecord, type OperationRecord, type PauseWindowRecord } from '../../../operation/record.ts'
import { formatTime, parseTime } from '../../../operation/time.ts'
import { programVersion } from '../../../operation/version.ts'

/** A pause that another tool made, as the flags describe it. */
export interface AttestedPause {
  /** START/END */
  window: string
  releases: readonly string[]
  name: string | undefined
  namespace: string
  /** who vouches for it */
  by: string
}

/**
 * The record of a pause that another tool made, such as scalar-admin-for-kubernetes, which prints its times. No worker
 * has seen it: the window is marked as attested by a person.
 * @throws Failure (usage) for times that cannot be read, or are no window
 */
export function attestedPause({ window: text, releases, name, namespace, by }: AttestedPause): OperationRecord {
  const { startMs, endMs } = readWindow(text)
  const [start, end] = [formatTime(startMs), formatTime(endMs)]
  const window: PauseWindowRecord = {
    endpoints: [],
    pauseSentAt: start,
    allPausedAt: start,
    unpauseSentAt: end,
    allUnpausedAt: end,
    verdict: 'valid',
    attestedBy: by,
    reasons: [`attested by ${by}: no worker has seen that all servers were paused, or that nothing changed`],
  }
  const record = newRecord({
    operation: operationName('pause', name === undefined ? defaultName(releases[0] ?? '', startMs) : checkName(name)),
    kind: 'pause',
    namespace,
    releases: [...releases],
    createdAt: start,
    plugin: programVersion,
  })
  return {
    ...record,
    state: 'succeeded',
    startedAt: start,
    finishedAt: end,
    exitCode: ExitCode.done,
    windows: [{ ...window, restorePoint: wholeSecondOf(window) }],
  }
}

function readWindow(text: string): { startMs: number; endMs: number } {
  const usage = (why: string, next: string) =>
    new Failure({ what: `--window ${text} cannot be read`, why, next }, { exitCode: ExitCode.usage })
  const [start, end, ...more] = text.split('/')
  if (start === undefined || end === undefined || more.length > 0)
    throw usage('a window is START/END', 'write it like 2026-11-21T09:30:00Z/2026-11-21T09:30:10Z, or in UNIX seconds')
  const [startMs, endMs] = [parseTime(start), parseTime(end)]
  if (endMs <= startMs) throw usage('it ends before it begins', 'give the earlier time first')
  if (endMs > Date.now()) throw usage('it has not ended yet', 'give the times of a pause that is over')
  return { startMs, endMs }
}
