import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import {
  AzureRefusal,
  firstLine,
  retryAfterMs,
  type Answer,
  type Json,
  type ResourceManager,
} from './resource-manager.ts'

/**
 * An operation that goes on after its call was answered (Azure Resource Manager: asynchronous operations). Its URL is
 * signed: whoever has it may ask for the result, so it is for the journal and never for a log.
 */
export const operationSchema = z.object({
  url: z.string(),
  /** status: the answer tells a state; result: 202 until the result is there */
  answers: z.enum(['status', 'result']),
})
export type LongOperation = z.infer<typeof operationSchema>

const statusSchema = z.object({
  status: z.string(),
  error: z.object({ code: z.string().optional(), message: z.string().optional() }).optional(),
})

/** Shortest and longest time between two looks where the service does not say, ms. */
const shortestMs = 200
const longestMs = 15_000
/** A look comes after at most this part of the time that was waited already. */
const share = 1 / 20

/**
 * The operation that an answer begins; undefined where it is done already.
 * @param endpoint of the Resource Manager: a token goes nowhere else, whatever an answer says
 */
export function operationOf({ status, headers }: Answer, endpoint: string): LongOperation | undefined {
  const own = (url: string | undefined) =>
    url !== undefined && URL.parse(url)?.origin === new URL(endpoint).origin ? url : undefined
  const asked = own(headers['azure-asyncoperation'])
  if (asked !== undefined) return { url: asked, answers: 'status' }
  const location = status === 202 ? own(headers['location']) : undefined
  return location === undefined ? undefined : { url: location, answers: 'result' }
}

/** Where an operation stands: its result, undefined while it goes on. @throws AzureRefusal where it failed */
export async function lookAtOperation(
  arm: ResourceManager,
  { url, answers }: LongOperation,
): Promise<{ done: Json | undefined } | { waitMs: number | undefined }> {
  const answer = await arm.call('get', url)
  const goesOn = { waitMs: retryAfterMs(answer) }
  if (answers === 'result') return answer.status === 202 ? goesOn : { done: answer.body }
  const { status, error } = statusSchema.parse(answer.body)
  if (/^succeeded$/i.test(status)) return { done: answer.body }
  if (!/^(failed|canceled|cancelled)$/i.test(status)) return goesOn
  throw new AzureRefusal(200, error?.code ?? status, firstLine(error?.message) ?? `the operation is ${status}`)
}

/**
 * Follows an operation to its end.
 * @returns what its last answer said: of one with a status the status, else the result
 * @throws AzureRefusal where it failed; the signal's reason
 */
export async function followOperation(arm: ResourceManager, operation: LongOperation): Promise<Json | undefined> {
  return await until(async () => await lookAtOperation(arm, operation), arm.signal)
}

/** Looks again and again, as often as the service asks for. @throws the signal's reason */
export async function until<T>(
  look: () => Promise<{ done: T } | { waitMs: number | undefined }>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const sinceMs = performance.now()
  for (;;) {
    signal?.throwIfAborted()
    const seen = await look()
    if ('done' in seen) return seen.done
    const waitMs = seen.waitMs ?? Math.min(longestMs, Math.max(shortestMs, (performance.now() - sinceMs) * share))
    await sleep(waitMs, undefined, { signal })
  }
}

/** Makes a change and waits until it is done. */
export async function changed(
  arm: ResourceManager,
  method: 'put' | 'post' | 'patch' | 'delete',
  path: string,
  body?: Json,
): Promise<Json | undefined> {
  const answer = await arm.call(method, path, body)
  const operation = operationOf(answer, arm.endpoint)
  return operation === undefined ? answer.body : await followOperation(arm, operation)
}
