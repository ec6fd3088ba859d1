import { formatDuration } from '../../../operation/duration.ts'

/** The worker's signs of life as its guard sees them, by the guard's own monotonic clock. */
export interface SignsOfLife {
  /** the worker spoke */
  heard(): void
  /** takes the versions of its Leases as just read: a new version is a sign of life */
  sawLeases(versions: readonly string[]): void
  /** starts the wait anew, for a worker that was not watched so far */
  reset(): void
  /** Why the worker counts as dead; undefined while either sign is fresh. Ask several times a second. */
  verdict(): string | undefined
}

/**
 * A worker without any sign of life for this long counts as dead. The worker ends its pause itself a second earlier. ms
 */
export const silenceMs = 5000
/**
 * The longest time between two questions, ms. After a longer one this process stood still itself, and what it missed
 * says nothing about the worker.
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
