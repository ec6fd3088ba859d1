import type { OperationRecord, PauseWindowRecord } from '../record.ts'
import { formatTime } from '../time.ts'

/** The restore point of a pause, RFC 3339 in UTC: the middle of its window, as ScalarDL's backup guide says. */
export function middleOf(window: PauseWindowRecord): string {
  return formatTime(middleMs(window))
}

/**
 * The same as a whole second, which is all that most services restore to, where the one in the middle lies in the
 * window.
 */
export function wholeSecondOf(window: PauseWindowRecord): string {
  const second = formatTime(Math.floor(middleMs(window) / 1000) * 1000)
  return holdsSecond(window, second) ? second : middleOf(window)
}

/**
 * Whether every server was paused throughout the second that begins then: a service that restores to whole seconds may
 * bring back any moment of it.
 * @param at RFC 3339
 */
export function holdsSecond({ allPausedAt, unpauseSentAt }: PauseWindowRecord, at: string): boolean {
  if (allPausedAt === undefined || unpauseSentAt === undefined) return false
  return Date.parse(at) > Date.parse(allPausedAt) && Date.parse(at) + 1000 <= Date.parse(unpauseSentAt)
}

/**
 * The pause of a record that proves that every server of these releases was paused at a moment; undefined where none
 * does.
 * @param at RFC 3339
 */
export function windowThatProves(
  { releases, windows }: Pick<OperationRecord, 'releases' | 'windows'>,
  at: string,
  wanted: readonly string[],
): PauseWindowRecord | undefined {
  return windows.find((window) => {
    const paused = window.attestedBy === undefined ? window.endpoints.map(({ release }) => release) : releases
    return window.verdict === 'valid' && holdsSecond(window, at) && wanted.every((one) => paused.includes(one))
  })
}

function middleMs({ allPausedAt, pauseSentAt, unpauseSentAt }: PauseWindowRecord): number {
  const from = Date.parse(allPausedAt ?? pauseSentAt)
  const until = Date.parse(unpauseSentAt ?? allPausedAt ?? pauseSentAt)
  return (from + until) / 2
}
