import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, messageOf } from '../../../operation/failure.ts'

/** An HTTP answer other than 200 to a request that client-node did not make. */
export class ApiStatusError extends Error {
  override readonly name = 'ApiStatusError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The HTTP status that the API server answered with; undefined where it did not answer at all. */
export function statusCode(error: unknown): number | undefined {
  return error instanceof ApiException || error instanceof ApiStatusError ? error.code : undefined
}

/** The object, or undefined where the API server says that there is none. */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (statusCode(error) === 404) return undefined
    throw error
  }
}

/** What the API server said, without the headers and the dump of the body that client-node adds. */
export function apiMessage(error: unknown): string {
  if (!(error instanceof ApiException)) return messageOf(error)
  const body: unknown = typeof error.body === 'string' ? parsed(error.body) : error.body
  if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string')
    return body.message
  return `the API server answered ${error.code}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return { message: text.trim() }
  }
}

/** Whether asking again may help: no answer, too many requests, or a fault of the server's own. */
export function isTransient(error: unknown): boolean {
  if (error instanceof Failure || (error instanceof Error && error.name === 'AbortError')) return false
  const code = statusCode(error)
  return code === undefined || code === 408 || code === 429 || code >= 500
}

/** Waits `ms`, or until the signal aborts; never throws. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // the caller looks at the signal
  }
}

/** How long the API server may be away while an operation is followed, ms; the operation goes on meanwhile. */
export const longestAbsenceMs = 10 * 60_000

const firstDelayMs = 250
const longestDelayMs = 5000

/** Delays between tries, ms: doubling, bounded, and back to the first after a success. */
export class Backoff {
  #tries = 0

  reset(): void {
    this.#tries = 0
  }

  next(): number {
    this.#tries += 1
    return Math.min(firstDelayMs * 2 ** (this.#tries - 1), longestDelayMs)
  }
}

/** How long one answer may take, ms; a connection that a VPN has dropped never breaks by itself. */
const longestAnswerMs = 60_000

/** The answer, or the reason of a signal that aborts before it. */
async function answerBefore<T>(answer: Promise<T>, limit: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>()
  const stop = () => over.reject(limit.reason)
  limit.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([answer, over.promise])
  } finally {
    limit.removeEventListener('abort', stop)
  }
}

/**
 * Asks the API server again while that may help, for at most `giveUpMs`; one answer may take 60 s.
 * @throws the last error, or the signal's reason once it aborts.
 */
export async function persistently<T>(ask: () => Promise<T>, signal: AbortSignal, giveUpMs: number): Promise<T> {
  const until = Date.now() + giveUpMs
  const backoff = new Backoff()
  for (;;) {
    signal.throwIfAborted()
    try {
      return await answerBefore(ask(), AbortSignal.any([signal, AbortSignal.timeout(longestAnswerMs)]))
    } catch (error) {
      if (!isTransient(error) || Date.now() > until) throw error
    }
    await delay(backoff.next(), signal)
  }
}
