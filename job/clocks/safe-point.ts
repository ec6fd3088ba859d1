import { stepBetween, type ClockReading } from './clock-reading.ts'
import type { ClockMeasurement, ClockOffset } from './measure-clock.ts'

/** A restore point, and how long the pause must last to hold it. */
export interface SafePoint {
  /** on the service's clock, ms since the epoch */
  pointMs: number
  /** on the worker's wall clock: no Unpause may be sent before */
  untilMs: number
}

/** ScalarDL's backup guide: a pause of 5 s at least, where clocks were not compared. */
export const unmeasuredMs = 5000
/** How much two clocks that nobody sets may drift apart (what NTP's slewing allows, RFC 5905), parts of one. */
const drift = 500e-6

/**
 * The first multiple of the granularity that, on the service's clock, lies inside the pause whatever the offset in
 * [low, high] is, and the earliest end of such a pause.
 * @param fromMs when all were paused, worker's wall clock
 * @param granularityMs of the restore points that the service can bring back
 */
export function safePoint({
  fromMs,
  offset,
  granularityMs,
}: {
  fromMs: number
  offset: ClockOffset
  granularityMs: number
}): SafePoint {
  // Strictly inside, so that it does not matter whether the service counts the point itself.
  const pointMs = (Math.floor((fromMs + offset.highMs) / granularityMs) + 1) * granularityMs
  return { pointMs, untilMs: pointMs - offset.lowMs + 1 }
}

/**
 * The same where the offset is not known: 5 s at least, and the middle, for clocks that are kept within 2 s or so of
 * each other.
 * @param holdMs how long at least
 */
export function withoutMeasurement({
  fromMs,
  granularityMs,
  holdMs = unmeasuredMs,
}: {
  fromMs: number
  granularityMs: number
  holdMs?: number
}): SafePoint {
  const halfMs = Math.max(holdMs / 2, granularityMs)
  return { pointMs: Math.round((fromMs + halfMs) / granularityMs) * granularityMs, untilMs: fromMs + 2 * halfMs }
}

/** The longest that a pause may have to last for such a point, from when all are paused, ms. */
export function longestHoldMs(
  measurement: ClockMeasurement | undefined,
  granularityMs: number,
  holdMs: number = unmeasuredMs,
): number {
  if (measurement === undefined) return withoutMeasurement({ fromMs: 0, granularityMs, holdMs }).untilMs
  return granularityMs + measurement.highMs - measurement.lowMs + 2
}

/** The offset at a later moment: steps of the worker's clock are taken out, and drift makes it less certain. */
export function offsetNow({ lowMs, highMs, takenAt }: ClockMeasurement, now: ClockReading): ClockOffset {
  const step = stepBetween(takenAt, now)
  // Each of the four readings was rounded to a ms.
  const slackMs = (now.monotonicMs - takenAt.monotonicMs) * drift + (Math.abs(step) < 2 ? 0 : 2)
  const setForwardMs = Math.abs(step) < 2 ? 0 : step
  return { lowMs: Math.floor(lowMs - setForwardMs - slackMs), highMs: Math.ceil(highMs - setForwardMs + slackMs) }
}
