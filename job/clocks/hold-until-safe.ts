import { formatDuration } from '../../operation/duration.ts'
import { Failure } from '../../operation/failure.ts'
import { workerClock, type WorkerClock } from './clock-reading.ts'
import type { ClockMeasurement, ClockOffset } from './measure-clock.ts'
import { offsetNow, safePoint, withoutMeasurement, type SafePoint } from './safe-point.ts'

interface Hold {
  /** when all were paused, worker's wall clock (HeldPause.allPausedAt) */
  fromMs: number
  /** when the pause ends by itself (HeldPause.endsAtMs) */
  endsAtMs: number
  /** undefined where the service's clock could not be measured */
  measurement: ClockMeasurement | undefined
  granularityMs: number
  /** how long the pause is held at least where the clock could not be measured; 5 s unless given */
  unmeasuredMs?: number
  signal: AbortSignal
}

/**
 * Waits, inside a pause, until it holds a restore point of another clock.
 * @returns the point, and the offset that it rests on (none without a measurement)
 * @throws Failure, at once, where the pause may not last so long; the signal's reason
 */
export async function holdUntilSafe(
  { fromMs, endsAtMs, measurement, granularityMs, unmeasuredMs, signal }: Hold,
  clock: WorkerClock = workerClock,
): Promise<SafePoint & { offset?: ClockOffset }> {
  const begun = clock.read()
  const offset = measurement === undefined ? undefined : offsetNow(measurement, begun)
  // The pause was complete up to 1 ms after the whole ms that is known of it.
  const point =
    offset === undefined
      ? withoutMeasurement({ fromMs, granularityMs, ...(unmeasuredMs === undefined ? {} : { holdMs: unmeasuredMs }) })
      : safePoint({ fromMs: fromMs + 1, offset, granularityMs })
  if (point.untilMs >= endsAtMs) throw tooShort(point.untilMs - fromMs, endsAtMs - fromMs)
  // By the monotonic clock, so that a wall clock that is set meanwhile cannot shorten the pause.
  const untilMs = begun.monotonicMs + point.untilMs - begun.wallMs
  for (;;) {
    signal.throwIfAborted()
    const restMs = untilMs - clock.read().monotonicMs
    if (restMs <= 0) return offset === undefined ? point : { ...point, offset }
    await clock.sleep(Math.ceil(restMs), signal)
  }
}

function tooShort(neededMs: number, allowedMs: number): Failure {
  return new Failure({
    what: 'the pause may not last long enough to hold a restore point',
    why:
      `it needs ${formatDuration(neededMs)} for the clocks' difference to be safe, ` +
      `and ${formatDuration(Math.max(0, allowedMs))} are allowed`,
    next: 'allow a longer pause with --max-pause',
  })
}
