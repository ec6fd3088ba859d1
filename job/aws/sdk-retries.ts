// Room: what every service of AWS asks for: retries, polling, limits of rate, answers that trail behind.
// Read sdk-retries, guarded-call, polling, eventual-consistency, rate-limits.

import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { messageOf } from '../../operation/failure.ts'
import { scaled } from './rate-limits.ts'

export interface Patience {
  /** how long one call is tried again in all, ms */
  patienceMs: number
  /** ends the waiting, and every call, with its reason */
  signal?: AbortSignal | undefined
  /** called now and then while a call is refused for long */
  told?: (refusal: { why: string; forMs: number }) => void
}

type RetryStrategy = Exclude<NonNullable<DynamoDBClientConfig['retryStrategy']>, (...args: never[]) => unknown>
type ErrorInfo = { error?: unknown; errorType: string }

const firstDelayMs = 100
const firstThrottledMs = 500
const longestDelayMs = 20_000
/** How long a call is refused before that is told, and told again, ms. */
const tellEveryMs = 60_000
/** Restores of others in the same account end, but within their own time. */
const limitPatienceMs = 3_600_000

/**
 * How long a source of credentials that never gave any has, ms: it may start beside the pod, and one set up wrong is to
 * be told soon.
 */
const firstCredentialsMs = 30_000

/**
 * How long a name has that never resolved: a cluster's DNS may answer late, and a name set up wrong is to be told soon.
 */
const firstNameMs = 10_000

/** Expired credentials are asked for anew this often; those that never change have then been refused for good. */
const refreshes = 4

/**
 * Retries that outlast a throttled or failing AWS: by time and not by number, with no budget that many calls at once
 * would use up. Whatever made a change twice meets its own work, since every change is looked for first. For one
 * client: what resolved once is waited for as long as anything else.
 */
export function patientRetries({ patienceMs, signal, told }: Patience): RetryStrategy {
  let toldMs = performance.now()
  let hasResolved = false
  const longestFor = (error: unknown): number => {
    if (nameOf(error) === 'LimitExceededException') return Math.max(patienceMs, limitPatienceMs)
    return hasResolved || !isUnknownName(error) ? patienceMs : Math.min(patienceMs, firstNameMs)
  }
  return {
    mode: 'standard',
    async acquireInitialRetryToken() {
      return { getRetryCount: () => 0, getRetryDelay: () => 0, startedMs: performance.now() }
    },
    async refreshRetryTokenForRetry(
      token: { getRetryCount(): number; startedMs?: number },
      { error, errorType }: ErrorInfo,
    ) {
      signal?.throwIfAborted()
      const { startedMs = performance.now() } = token
      const count = token.getRetryCount() + 1
      hasResolved ||= !isUnknownName(error)
      const waitMs = delayMs(count, errorType)
      if (!isWorthAnotherTry(error, errorType) || performance.now() + waitMs - startedMs > longestFor(error))
        throw new Error('not tried again')
      const nowMs = performance.now()
      if (nowMs - startedMs > scaled(tellEveryMs) && nowMs - toldMs > scaled(tellEveryMs)) {
        toldMs = nowMs
        told?.({ why: `${nameOf(error)}: ${messageOf(error)}`, forMs: nowMs - startedMs })
      }
      await sleep(waitMs, undefined, { signal })
      return { getRetryCount: () => count, getRetryDelay: () => 0, startedMs }
    },
    recordSuccess: () => void (hasResolved = true),
  } as RetryStrategy
}

/**
 * Makes a call again with fresh credentials where AWS says that those in use have expired.
 * @param refresh gets new ones
 */
export async function withFreshCredentials<T>(refresh: () => Promise<unknown>, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (attempt > refreshes || !/^(ExpiredToken(Exception)?|RequestExpired)$/.test(nameOf(error))) throw error
      await sleep(delayMs(attempt, 'THROTTLING'))
      await refresh()
    }
  }
}

/**
 * Whether the pod's source of credentials (IRSA, Pod Identity) ever gave some, to whichever client. Those in the
 * properties have no source, and no end.
 */
let hasGiven = false

/**
 * Asks for credentials again where their source does not answer for a while: the SDK asks before the call that it would
 * try again.
 * @param source as the SDK's clients have it, which keeps what it was given until that is about to expire
 */
export function patientCredentials<Options, Credentials extends { expiration?: Date }>(
  source: (options?: Options) => Promise<Credentials>,
  { patienceMs, signal }: Patience,
): (options?: Options) => Promise<Credentials> {
  return async (options) => {
    const startedMs = performance.now()
    for (let attempt = 1; ; attempt += 1) {
      try {
        const credentials = await source(options)
        hasGiven ||= credentials.expiration !== undefined
        return credentials
      } catch (error) {
        const waitMs = delayMs(attempt, 'THROTTLING')
        const longestMs = hasGiven ? patienceMs : Math.min(patienceMs, firstCredentialsMs)
        if (performance.now() + waitMs - startedMs > longestMs) throw error
        await sleep(waitMs, undefined, { signal })
      }
    }
  }
}

/** The name by which AWS calls an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** Whether DNS knows no such name. */
function isUnknownName(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOTFOUND'
}

/**
 * Whether the account may have no more tables: AWS gives it the name of too many operations at once, but it does not
 * pass.
 */
export function isQuota(error: unknown): boolean {
  return nameOf(error) === 'LimitExceededException' && /there is a limit of \d+ tables/i.test(messageOf(error))
}

/** Whether a store has no room left: the names of versitygw and MinIO for it, of 507, so the SDK would try again. */
function isFull(error: unknown): boolean {
  return /^(InsufficientStorage|XMinioStorageFull)$/.test(nameOf(error))
}

/**
 * Whether the same call may succeed a little later. What is wrong with the call itself does not pass, nor does a full
 * account or store.
 */
function isWorthAnotherTry(error: unknown, errorType: string): boolean {
  if (isQuota(error) || isFull(error)) return false
  return errorType !== 'CLIENT_ERROR'
}

/** Doubling from the first, spread so that many calls do not come again at once. */
function delayMs(count: number, errorType: string): number {
  const firstMs = errorType === 'THROTTLING' ? firstThrottledMs : firstDelayMs
  return Math.min(longestDelayMs, firstMs * 2 ** (count - 1)) * (0.5 + Math.random() / 2)
}
