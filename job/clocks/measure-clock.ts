// Room: whose clock decides a restore point, how far it is off, and how long to hold a pause for it.
// Read measure-clock, measure-exact-clock, safe-point, hold-until-safe.

import { setTimeout as sleep } from 'node:timers/promises'
import { stepBetween, workerClock, type ClockReading, type WorkerClock } from './clock-reading.ts'

/**
 * One answer of the service. `sentMs` and `receivedMs` are the worker's wall clock around the very attempt that was
 * answered.
 */
export interface ClockSample {
  sentMs: number
  receivedMs: number
  /** the answer's Date, ms since the epoch: whole seconds, the rest cut off (RFC 9110, 6.6.1) */
  dateMs: number
}

/** By how much the service's clock is ahead of the worker's: between these, ms; negative where it is behind. */
export interface ClockOffset {
  lowMs: number
  highMs: number
}

export interface ClockMeasurement extends ClockOffset {
  /** answers that it rests on */
  samples: number
  /** the worker's clocks at its end; see offsetNow() */
  takenAt: ClockReading
}

interface Limits {
  /** for all samples together */
  budgetMs?: number
  /**
   * how far the clocks of the service's own hosts may be apart: one may answer, and another decide the point; the
   * offset holds for all
   */
  spreadMs?: number
  /** ends the measurement with its reason */
  signal?: AbortSignal
  clock?: WorkerClock
}

const secondMs = 1000
/** No narrower interval is worth another second of waiting. */
const fineMs = 25
/** A round's samples divide what is uncertain into so many parts; so there are about so many requests a second. */
const parts = 10
const failuresAllowed = 3
const restartsAllowed = 2
const failurePauseMs = 200

/**
 * Measures a service's clock by the Date of its answers. Each answer says that the offset lies in [date − received,
 * date + 1 s − sent]; samples are sent where the Date is about to change, and their intervals intersected until what is
 * left is about one round trip wide or the budget is over. About ten samples a second, for two to four seconds.
 * @param sample asks the service anything cheap; undefined where the answer had no Date
 * @returns undefined where nothing consistent came: no Date, no answers, a clock that was set meanwhile
 * @throws the signal's reason
 */
export async function measureClock(
  sample: () => Promise<ClockSample | undefined>,
  limits: Limits = {},
): Promise<ClockMeasurement | undefined> {
  const { budgetMs = 6000, spreadMs = 5, signal, clock = workerClock } = limits
  const begun = clock.read()
  const restMs = () => begun.monotonicMs + budgetMs - clock.read().monotonicMs
  let since = begun
  let known: (ClockOffset & { samples: number }) | undefined
  let fastestMs = Infinity
  let failures = 0
  let restarts = 0
  while (restMs() > 0) {
    signal?.throwIfAborted()
    if (known !== undefined) {
      const { lowMs, highMs } = known
      if (highMs - lowMs <= Math.max(fineMs, 2 * fastestMs) + 2 * spreadMs) break
      const waitMs = nextSendMs(known, spreadMs, fastestMs, clock.read().wallMs) - clock.read().wallMs
      if (waitMs > restMs()) break
      if (waitMs > 0) await clock.sleep(waitMs, signal)
    }
    const one = await answered(sample, restMs())
    signal?.throwIfAborted()
    if (one === undefined) {
      failures += 1
      if (failures > failuresAllowed) break
      await clock.sleep(failurePauseMs, signal)
      continue
    }
    failures = 0
    const interval = intervalOf(one, spreadMs)
    const both: ClockOffset =
      known === undefined
        ? interval
        : { lowMs: Math.max(known.lowMs, interval.lowMs), highMs: Math.min(known.highMs, interval.highMs) }
    if (both.lowMs > both.highMs || one.receivedMs < one.sentMs) {
      // One of the clocks was set meanwhile: what was known of it is worth nothing.
      restarts += 1
      if (restarts > restartsAllowed) return undefined
      known = undefined
      since = clock.read()
      continue
    }
    fastestMs = Math.min(fastestMs, one.receivedMs - one.sentMs)
    known = { ...both, samples: (known?.samples ?? 0) + 1 }
  }
  if (known === undefined) return undefined
  const takenAt = clock.read()
  // A small step, or a clock that is being slewed, may have stayed inside every interval.
  const slackMs = Math.abs(stepBetween(since, takenAt))
  return {
    lowMs: Math.floor(known.lowMs - slackMs),
    highMs: Math.ceil(known.highMs + slackMs),
    samples: known.samples,
    takenAt,
  }
}

function intervalOf({ sentMs, receivedMs, dateMs }: ClockSample, spreadMs: number): ClockOffset {
  // The worker's clock is read in whole ms, rounded down: one more below.
  return { lowMs: dateMs - receivedMs - 1 - spreadMs, highMs: dateMs + secondMs - sentMs + spreadMs }
}

/**
 * When to send, so that the answer divides what is uncertain at the next change of the service's second. Worker's wall
 * clock.
 */
function nextSendMs({ lowMs, highMs }: ClockOffset, spreadMs: number, fastestMs: number, nowMs: number): number {
  const underwayMs = Math.min(fastestMs, secondMs) / 2
  // What the spread adds at both ends no sample can take away.
  const [low, high] = [lowMs + spreadMs, Math.max(highMs - spreadMs, lowMs + spreadMs)]
  const tick = Math.ceil((nowMs + underwayMs + low) / secondMs) * secondMs
  const firstMs = tick - high
  return Math.max(nowMs, firstMs + (high - low) / parts - underwayMs)
}

async function answered(
  sample: () => Promise<ClockSample | undefined>,
  timeoutMs: number,
): Promise<ClockSample | undefined> {
  const over = new AbortController()
  const late = sleep(Math.max(1, timeoutMs), undefined, { signal: over.signal }).catch(() => undefined)
  try {
    const one = await Promise.race([sample().catch(() => undefined), late])
    return one === undefined || !Number.isFinite(one.dateMs) ? undefined : one
  } finally {
    over.abort()
  }
}
