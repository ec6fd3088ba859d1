import { setTimeout as sleep } from 'node:timers/promises'
import { isQuota, nameOf } from './sdk-retries.ts'
import { scaled } from './rate-limits.ts'

/** The shortest and the longest time between two looks, ms. */
const shortestMs = 200
const longestMs = 10_000
/** A look comes after at most this part of the time that was waited already, so that looking costs hardly any time. */
const share = 1 / 25

/** Looks again and again until there is something to see. @throws the signal's reason once it aborts */
export async function until<T>(look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  const sinceMs = Date.now()
  for (;;) {
    signal.throwIfAborted()
    const seen = await look()
    if (seen !== undefined) return seen
    const waitMs = Math.min(scaled(longestMs), Math.max(scaled(shortestMs), (Date.now() - sinceMs) * share))
    await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * What AWS refuses only until something else has ended: too many operations at once, a table or a backup that another
 * operation is at work on, backups that are not ready for a table just made.
 */
const refusedForNow = new Set([
  'LimitExceededException',
  'TableInUseException',
  'ResourceInUseException',
  'BackupInUseException',
  'ContinuousBackupsUnavailableException',
])

function isRefusedForNow(error: unknown): boolean {
  return refusedForNow.has(nameOf(error))
}

/** A table that was just deleted may be counted for a while, ms; a quota that is met for longer does not pass. */
const countedMs = 60_000

/** Asks until AWS no longer refuses for now. @throws any other refusal of AWS's, or the signal's reason */
export async function onceAllowed<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let fullSinceMs: number | undefined
  const { value } = await until(async () => {
    try {
      return { value: await act() }
    } catch (error) {
      if (!isRefusedForNow(error)) throw error
      fullSinceMs = isQuota(error) ? (fullSinceMs ?? Date.now()) : undefined
      if (fullSinceMs === undefined || Date.now() - fullSinceMs < scaled(countedMs)) return undefined
      throw error
    }
  }, signal)
  return value
}
