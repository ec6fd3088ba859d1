import { scaled } from './rate-limits.ts'
import { until } from './polling.ts'

/**
 * So long what AWS shows may trail what it has done, ms: DescribeTable is eventually consistent (DynamoDB: API
 * reference), and nothing is said of lists. What was made is not there yet, what was deleted still is.
 */
const trailingMs = 60_000

/** When looks that begin now no longer trail. @returns a time of `performance.now()` */
export function trailsUntilMs(): number {
  return performance.now() + scaled(trailingMs)
}

/** Looks until there is something to see; undefined where there is nothing although AWS must have shown it by then. */
export async function untilShown<T>(look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
  const byMs = trailsUntilMs()
  const { seen } = await until(async () => {
    const seen = await look()
    return seen === undefined && performance.now() < byMs ? undefined : { seen }
  }, signal)
  return seen
}
