import { setTimeout as sleep } from 'node:timers/promises'

/** Both of the worker's clocks at one moment. */
export interface ClockReading {
  /** ms since the epoch; may be set, so it can jump */
  wallMs: number
  /** ms since the process began; never jumps */
  monotonicMs: number
}

/** The worker's clocks, so that a test can bring its own. */
export interface WorkerClock {
  read(): ClockReading
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const workerClock: WorkerClock = {
  read: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

/**
 * How far the wall clock was set forward (or back: negative) between two readings, ms; exact to about a millisecond.
 */
export function stepBetween(earlier: ClockReading, later: ClockReading): number {
  return later.wallMs - earlier.wallMs - (later.monotonicMs - earlier.monotonicMs)
}
