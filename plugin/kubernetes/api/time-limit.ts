import { longestTimerMs, parseDuration } from '../../../operation/duration.ts'

/**
 * A signal that aborts with `interrupted`, or after the time that a --timeout flag gives.
 * @throws Failure (usage) where the flag is no duration
 */
export function timeLimit(timeout: string | undefined, interrupted: AbortSignal): AbortSignal {
  if (timeout === undefined) return interrupted
  return AbortSignal.any([interrupted, AbortSignal.timeout(Math.min(parseDuration(timeout), longestTimerMs))])
}
