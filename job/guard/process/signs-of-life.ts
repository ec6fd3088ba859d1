import { formatDuration } from '../../../operation/duration.ts'

/** The worker's signs of life as its guard sees them, by the guard's own monotonic clock. */
export interface SignsOfLife {
  /** the worker spoke */
  heard(): void
  /** versions of its Leases, as a look at them just showed; new ones are a sign of life */
  sawLeases(versions: readonly string[]): void
  /** begins to wait anew: nothing can be said of a worker that was not watched so far */
  reset(): void
  /** Why the worker counts as dead; undefined while either sign is fresh. Ask several times a second. */
  verdict(): string | undefined
}

/**
 * Without either sign for this long the worker counts as dead. The worker ends its pause by itself a second earlier. ms
 */
export const silenceMs = 5000
/**
 * Between two questions: longer means that this process stood still itself, and what it missed says nothing of the
 * worker. ms
 */
const stallMs = 1000

export function signsOfLife(): SignsOfLife {
  let heardMs = performance.now()
  let leaseMs = heardMs
  let askedMs = heardMs
  let known = new Set<string>()
  return {
    heard() {
      heardMs = performance.now()
    },
    sawLeases(versions) {
      if (versions.some((version) => !known.has(version))) leaseMs = performance.now()
      known = new Set(versions)
    },
    reset() {
      heardMs = leaseMs = askedMs = performance.now()
      known = new Set()
    },
    verdict() {
      const now = performance.now()
      const stalled = now - askedMs
      askedMs = now
      if (stalled > stallMs) {
        heardMs = Math.min(now, heardMs + stalled)
        leaseMs = Math.min(now, leaseMs + stalled)
      }
      if (now - heardMs < silenceMs || now - leaseMs < silenceMs) return undefined
      return (
        `nothing was heard of the worker for ${formatDuration(now - heardMs)}, ` +
        `and its Lease was not seen to be renewed for ${formatDuration(now - leaseMs)}`
      )
    },
  }
}
