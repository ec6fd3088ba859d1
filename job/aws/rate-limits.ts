import { setTimeout as sleep } from 'node:timers/promises'

/** Lets calls through, each as soon as the limit allows, in the order in which they came. */
export interface Limit {
  /** @throws the signal's reason where it aborts before the call's turn */
  run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** How much faster than real time everything goes; more than 1 only in a rehearsal. */
let haste = 1

/** Scales every rate by a factor: for a rehearsal on a stand-in, whose restores take so much less time than AWS's. */
export function scaleRates(factor: number): void {
  haste = factor
}

/** A time between two looks, ms, as it is at the present scale. */
export function scaled(ms: number): number {
  return ms / haste
}

/** So many calls a second, evenly spaced; those that are under way do not count. */
export function perSecond(rate: number): Limit {
  let freeMs = 0
  return {
    async run(call, signal) {
      const nowMs = performance.now()
      const turnMs = Math.max(nowMs, freeMs)
      freeMs = turnMs + scaled(1000 / rate)
      if (turnMs > nowMs) await sleep(turnMs - nowMs, undefined, { signal }).catch(() => undefined)
      signal?.throwIfAborted()
      return await call()
    },
  }
}

/** So many at once. */
export function atOnce(count: number): Limit {
  const waiting: (() => void)[] = []
  let free = count
  return {
    async run(call, signal) {
      if (free > 0) free -= 1
      else await turn(waiting, signal)
      try {
        signal?.throwIfAborted()
        return await call()
      } finally {
        const next = waiting.shift()
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}

/** Resolves when its turn comes; whoever gives up before leaves the line, so that no turn is lost on it. */
async function turn(waiting: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const leave = () => {
    const place = waiting.indexOf(resolve)
    if (place < 0) return
    waiting.splice(place, 1)
    reject(signal?.reason)
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', leave, { once: true })
  waiting.push(resolve)
  try {
    await promise
  } finally {
    signal?.removeEventListener('abort', leave)
  }
}

/** Restores that AWS has under way at once in an account and region. */
export const restoresAtOnce = 50

/**
 * What AWS allows an account in one region (DynamoDB: service, account and table quotas; API reference of each
 * operation). One set for the whole worker, since several of its databases may live in the same account.
 */
export const limits = {
  /** restores under way: from the call until the table is ready */
  restores: atOnce(restoresAtOnce),
  restoreTableFromBackup: perSecond(10),
  createBackup: perSecond(50),
  describeContinuousBackups: perSecond(10),
  listTagsOfResource: perSecond(10),
  /** Application Auto Scaling throttles describing and setting apart from DynamoDB; not documented by number */
  autoscaling: perSecond(10),
} as const satisfies Record<string, Limit>
