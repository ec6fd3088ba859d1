import type { WorkerClock } from '../../../../job/clocks/clock-reading.ts'
import type { ClockSample } from '../../../../job/clocks/measure-clock.ts'

/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface World {
  random: () => number
  /** what the service's clock is ahead of the worker's at the beginning, ms */
  offsetMs: number
  /** parts of one by which the service's clock runs faster */
  drift?: number
  /** one way, ms */
  latencyMs?: number
  /** up to so much more, either way */
  jitterMs?: number
}

/** A worker and a service, their clocks, and the network between them; time passes only by what they do. */
export function simulatedClocks({ random, offsetMs, drift = 0, latencyMs = 1, jitterMs = 0 }: World) {
  const beganMs = 1_790_000_000_000 + Math.floor(random() * 10_000)
  let passedMs = 0
  let workerStepMs = 0
  let serviceStepMs = 0
  const wallNow = () => beganMs + passedMs + workerStepMs
  const serviceNow = () => beganMs + passedMs * (1 + drift) + offsetMs + serviceStepMs
  const clock: WorkerClock = {
    read: () => ({ wallMs: Math.floor(wallNow()), monotonicMs: passedMs }),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      passedMs += ms + random() * 2
      await Promise.resolve()
    },
  }
  return {
    clock,
    /** exact, for the test's own eyes */
    wallNow,
    serviceNow,
    offsetNow: () => serviceNow() - wallNow(),
    pass: (ms: number) => {
      passedMs += ms
    },
    setWorkerForward: (ms: number) => {
      workerStepMs += ms
    },
    setServiceForward: (ms: number) => {
      serviceStepMs += ms
    },
    sample: async (): Promise<ClockSample> => {
      const sentMs = Math.floor(wallNow())
      passedMs += latencyMs + random() * jitterMs
      const dateMs = Math.floor(serviceNow() / 1000) * 1000
      passedMs += latencyMs + random() * jitterMs
      await Promise.resolve()
      return { sentMs, receivedMs: Math.floor(wallNow()), dateMs }
    },
  }
}
