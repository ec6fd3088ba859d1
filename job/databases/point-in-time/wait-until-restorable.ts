import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../../../operation/duration.ts'
import { Failure } from '../../../operation/failure.ts'
import { formatTime } from '../../../operation/time.ts'
import type { PartProgress } from './progress.ts'
import type { RecoveryWindow } from './recovery-window.ts'

/** How a service is asked what it can bring back, and what people call its parts. */
export interface RestorableParts {
  /** undefined where the past is not kept any more */
  readWindow(part: string, signal: AbortSignal): Promise<RecoveryWindow | undefined>
  /** table, container */
  noun: string
  /** what keeps the past: point-in-time recovery */
  keeper: string
  /** what to see to before the next backup */
  cure: string
}

interface Waiting {
  signal: AbortSignal
  progress: PartProgress
  /** how long a part's window may stand still, ms; it trails the present by some minutes */
  patienceMs?: number
}

const hourMs = 3_600_000
/** Shortest and longest time between two looks at one part, ms. */
const shortestMs = 1_000
const longestMs = 30_000

/**
 * Waits until the service can bring back the point in every table or container.
 * @param pointMs on the service's clock
 * @returns each part's window then, in the order of the parts
 * @throws Failure where a part's window can never reach it: its past is not kept any more, or anew since the point, or
 * stands still
 */
export async function waitUntilRestorable(
  service: RestorableParts,
  parts: readonly string[],
  pointMs: number,
  waiting: Waiting,
): Promise<RecoveryWindow[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([waiting.signal, failed.signal])
  const each = parts.map(async (part) => {
    try {
      return await waitForOne(service, part, pointMs, { ...waiting, signal })
    } catch (error) {
      // The others need not be waited for.
      failed.abort(error)
      throw error
    }
  })
  const settled = await Promise.allSettled(each)
  signal.throwIfAborted()
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

async function waitForOne(
  { readWindow, noun, keeper, cure }: RestorableParts,
  part: string,
  pointMs: number,
  { signal, progress, patienceMs = hourMs }: Waiting,
): Promise<RecoveryWindow> {
  const gone = (why: string) =>
    new Failure({ what: `${noun} ${part} cannot be brought back to the restore point`, why, next: cure })
  let furthest = { latestMs: -Infinity, seenMs: performance.now() }
  for (;;) {
    const window = await readWindow(part, signal)
    if (window === undefined) throw gone(`its ${keeper} was turned off`)
    const { earliestMs, latestMs = -Infinity } = window
    if (earliestMs !== undefined && earliestMs > pointMs)
      throw gone(`its ${keeper} reaches back to ${formatTime(earliestMs)} only: it was turned off and on again`)
    if (latestMs >= pointMs) {
      progress.done(part)
      return window
    }
    const nowMs = performance.now()
    if (latestMs > furthest.latestMs) furthest = { latestMs, seenMs: nowMs }
    if (nowMs - furthest.seenMs > patienceMs)
      throw gone(`what can be restored of it has not advanced for ${formatDuration(patienceMs)}`)
    const remainingMs = Number.isFinite(latestMs) ? pointMs - latestMs : undefined
    progress.enter(part, 'waiting until the point can be restored', remainingMs)
    await sleep(Math.min(longestMs, Math.max(shortestMs, remainingMs ?? longestMs)), undefined, { signal })
  }
}
