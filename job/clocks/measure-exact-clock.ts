import { stepBetween, workerClock, type WorkerClock } from './clock-reading.ts'
import type { ClockMeasurement } from './measure-clock.ts'

/** No narrower interval is worth another sample, ms. */
const fineMs = 4
const mostSamples = 15
const budgetMs = 5_000

interface Limits {
  /** ends the measurement with its reason */
  signal: AbortSignal
  clock?: WorkerClock
}

/**
 * Measures a clock that tells fractions of a second, such as a database server's: each answer says that the offset lies
 * in [told − received, told − sent], and the intervals are intersected.
 * @param ask what the clock says, ms since the epoch
 * @returns undefined where nothing consistent came: no answers, a clock that was set meanwhile
 * @throws the signal's reason
 */
export async function measureExactClock(
  ask: () => Promise<number>,
  { signal, clock = workerClock }: Limits,
): Promise<ClockMeasurement | undefined> {
  const begun = clock.read()
  let [lowMs, highMs, samples] = [-Infinity, Infinity, 0]
  while (samples < mostSamples && clock.read().monotonicMs - begun.monotonicMs < budgetMs) {
    signal.throwIfAborted()
    const sentMs = clock.read().wallMs
    const toldMs = await ask().catch(() => undefined)
    signal.throwIfAborted()
    if (toldMs === undefined || !Number.isFinite(toldMs)) return undefined
    // The worker's clock is read in whole ms, rounded down; the told one may be.
    lowMs = Math.max(lowMs, toldMs - clock.read().wallMs - 1)
    highMs = Math.min(highMs, toldMs + 1 - sentMs)
    samples += 1
    if (lowMs > highMs) return undefined
    if (highMs - lowMs <= fineMs) break
  }
  const takenAt = clock.read()
  // A small step, or a clock that is being slewed, may have stayed inside every interval.
  const slackMs = Math.abs(stepBetween(begun, takenAt))
  return { lowMs: Math.floor(lowMs - slackMs), highMs: Math.ceil(highMs + slackMs), samples, takenAt }
}
