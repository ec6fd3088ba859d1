import { setTimeout as sleep } from 'node:timers/promises'
import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { Patience } from './cluster.ts'

/** The HTTP status that the API server answered with; undefined where it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined
}

const firstWaitMs = 200
const longestWaitMs = 2000
/** Longer than an API server takes to be replaced behind its load balancer. */
const usualPatienceMs = 30_000

/**
 * Asks the API server, again where that may help (no answer, too many requests, a fault of its own), so only for what
 * may be asked twice. One that has just started refuses everything (403) until it knows the Roles: after no answer, a
 * refusal is asked again too.
 * @param what for people, after "may not" and "could not": `list pods`
 * @param patience for how long an answer is awaited, ms
 * @throws Failure once it gives up or is refused, except ApiException for 404 and 409, which only the caller
 * understands
 */
export async function ask<T>(
  what: string,
  request: () => Promise<T>,
  patience: number | Patience = usualPatienceMs,
): Promise<T> {
  // Not by the wall clock, which somebody may set meanwhile.
  const begunMs = performance.now()
  let wasAway = false
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await request()
    } catch (error) {
      const status = statusOf(error)
      if (status === 404 || status === 409) throw error
      wasAway ||= isTransient(status)
      const mayHelp = isTransient(status) || (status === 403 && wasAway)
      if (!mayHelp || performance.now() + waitMs > begunMs + atMost(patience)) throw refusal(what, error)
      await sleep(waitMs)
    }
  }
}

/** For now, ms: somebody may ask to hurry meanwhile. */
function atMost(patience: number | Patience): number {
  if (typeof patience === 'number') return patience
  return patience.stopping.aborted ? Math.min(patience.ms, usualPatienceMs) : patience.ms
}

function isTransient(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500
}

/** The answer, or undefined where the API server has no such object. */
export async function askIfAny<T>(
  what: string,
  request: () => Promise<T>,
  patience?: Patience,
): Promise<T | undefined> {
  try {
    return await ask(what, request, patience)
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** The API server did not answer, or could not at this time; later it may. */
export class Unanswered extends Failure {}

/** What the API server refused, as a Failure. */
export function refusal(what: string, error: unknown): Failure {
  const status = statusOf(error)
  const why = apiMessage(error)
  if (status === 403) {
    return new Failure(
      {
        what: `the worker may not ${what}`,
        why,
        next:
          'run `kubectl scalardl install` in this namespace again, ' +
          'or give its ServiceAccount the right that is named',
      },
      { cause: error },
    )
  }
  if (status === 401) {
    return new Failure(
      {
        what: `the worker could not ${what}`,
        why,
        next: 'check that the token of its ServiceAccount is mounted and valid',
      },
      { cause: error },
    )
  }
  const next =
    status === undefined
      ? 'check that the API server can be reached from pods of this namespace'
      : 'see what the API server says, and try again'
  const text = { what: `the worker could not ${what}`, why, next }
  return isTransient(status) ? new Unanswered(text, { cause: error }) : new Failure(text, { cause: error })
}

/** What the API server said, without the dump that an ApiException makes of it. */
export function apiMessage(error: unknown): string {
  if (!(error instanceof ApiException)) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : ''
    return `${messageOf(error)}${cause}`
  }
  const body: unknown = error.body
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]?.replaceAll('\\"', '"') ?? `HTTP ${error.code}`
}
