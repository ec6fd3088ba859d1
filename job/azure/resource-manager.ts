// Room: Azure's identities and Resource Manager: one call, an operation that takes hours, and what a refusal means.
// Read identity, resource-manager, long-operation, clouds, azure-failure, rights, seek-resource, few-at-once.

import { setTimeout as sleep } from 'node:timers/promises'
import { createCosmosDBManagement } from '@azure/arm-cosmosdb/api'
import * as z from 'zod'
import type { Cloud } from './clouds.ts'
import { podIdentity } from './identity.ts'

export type Json = z.core.util.JSONType

/** An answer that is no refusal. */
export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Json | undefined
}

/** A refusal of Azure's. */
export class AzureRefusal extends Error {
  readonly status: number
  /** as Azure names it: AuthorizationFailed, PreconditionFailed */
  readonly code: string
  /** an earlier attempt of the same call got no answer, or one that does not tell whether it acted */
  mayHaveActed = false

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'AzureRefusal'
    this.status = status
    this.code = code
  }
}

export interface Patience {
  /** how long one call is tried again in all, ms */
  patienceMs: number
  /** ends the waiting, and every call, with its reason */
  signal?: AbortSignal | undefined
}

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'

/** api-version of Microsoft.DocumentDB that settings are read and written in. */
const documentDb = '2026-03-15'

/** What one attempt may take, ms. */
const attemptMs = 60_000
const firstDelayMs = 200
const longestDelayMs = 20_000

const errorSchema = z.object({ error: z.object({ code: z.string().optional(), message: z.string().optional() }) })
const flatErrorSchema = z.object({ code: z.string(), message: z.string().optional() })
const pageSchema = z.object({ value: z.array(z.json()), nextLink: z.string().nullish() })

/**
 * Azure's Resource Manager, asked in JSON: what the service tells of a resource is kept as it is, so that a setting
 * that nobody here has heard of is recorded and compared like any other. The SDK gives tokens and the pipeline; its
 * models would leave such settings out.
 */
export class ResourceManager {
  readonly #cloud: Cloud
  readonly #patience: Patience
  #client: ReturnType<typeof createCosmosDBManagement>

  constructor(cloud: Cloud, patience: Patience) {
    this.#cloud = cloud
    this.#patience = patience
    this.#client = clientOf(cloud)
  }

  get endpoint(): string {
    return this.#cloud.resourceManager
  }

  get signal(): AbortSignal | undefined {
    return this.#patience.signal
  }

  /** A resource; undefined where there is none of that name. */
  async find(path: string): Promise<Json | undefined> {
    try {
      return (await this.call('get', path)).body
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /** All pages of a list. */
  async list(path: string): Promise<Json[]> {
    const found: Json[] = []
    for (let next: string | undefined = path; next !== undefined;) {
      const { value, nextLink }: z.infer<typeof pageSchema> = pageSchema.parse((await this.call('get', next)).body)
      found.push(...value)
      next = nextLink ?? undefined
    }
    return found
  }

  /**
   * Makes one call, and makes it again while the service is busy, failing or out of reach.
   * @param path of the resource, or a whole URL that the service gave
   * @throws AzureRefusal; the error of the identity or the network; the signal's reason
   */
  async call(method: Method, path: string, body?: Json): Promise<Answer> {
    const { patienceMs, signal } = this.#patience
    const startedMs = performance.now()
    let mayHaveActed = false
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted()
      const outcome = await this.#attempt(method, path, body)
      if ('answer' in outcome) return outcome.answer
      signal?.throwIfAborted()
      // Clocks differ, and a token may end before its time: the next call asks for another one.
      if (isTokenOver(outcome.error)) this.#client = clientOf(this.#cloud)
      const waitMs = outcome.retryAfterMs ?? Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1))
      if (!outcome.passes || performance.now() + waitMs - startedMs > patienceMs) {
        if (outcome.error instanceof AzureRefusal) outcome.error.mayHaveActed = mayHaveActed
        throw outcome.error
      }
      mayHaveActed ||= !isCertain(outcome.error)
      await sleep(waitMs * (0.75 + Math.random() / 4), undefined, { signal })
    }
  }

  async #attempt(
    method: Method,
    path: string,
    body: Json | undefined,
  ): Promise<{ answer: Answer } | { error: unknown; passes: boolean; retryAfterMs?: number | undefined }> {
    const timeout = AbortSignal.timeout(attemptMs)
    const { signal } = this.#patience
    const abortSignal = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    try {
      const url = this.#withVersion(path)
      const request = { abortSignal, ...(body === undefined ? {} : { body, contentType: 'application/json' }) }
      const response = await this.#client.pathUnchecked(url)[method](request)
      const status = Number(response.status)
      const answer = {
        status,
        headers: response.headers,
        body: z.json().optional().catch(undefined).parse(response.body),
      }
      if (status < 400) return { answer }
      const refusal = refusalOf(answer)
      return {
        error: refusal,
        passes: status === 429 || status === 408 || status >= 500 || isLocked(status, answer) || isTokenOver(refusal),
        retryAfterMs: retryAfterMs(answer),
      }
    } catch (error) {
      return { error, passes: isOfNetwork(error) }
    }
  }

  /** The version of the provider that a path is of; a URL that the service gave has its own. */
  #withVersion(path: string): string {
    if (path.includes('api-version=')) return path
    const version = versions.find(([provider]) => path.includes(provider))?.[1] ?? '2022-12-01'
    return `${path}${path.includes('?') ? '&' : '?'}api-version=${version}`
  }
}

/** By provider; what is of none of them is of the Resource Manager itself. The last provider in a path decides. */
const versions: readonly (readonly [string, string])[] = [
  ['/providers/Microsoft.Authorization/', '2022-04-01'],
  ['/providers/Microsoft.Network/', '2024-05-01'],
  ['/providers/Microsoft.DocumentDB', documentDb],
  ['/providers/Microsoft.DBforPostgreSQL', '2025-08-01'],
  ['/providers/Microsoft.DBforMySQL', '2024-12-30'],
]

/** Whether an error tells that the call did nothing: servers that fail may have acted before. */
function isCertain(error: unknown): boolean {
  return error instanceof AzureRefusal && error.status < 500 && error.status !== 408
}

/** Whether the Resource Manager takes a token's time for over. */
function isTokenOver(error: unknown): boolean {
  return error instanceof AzureRefusal && error.code === 'ExpiredAuthenticationToken'
}

/** A client with no token yet. No subscription is of use: paths are given whole. Retries are ours, by time. */
function clientOf({ resourceManager: endpoint, scope }: Cloud): ReturnType<typeof createCosmosDBManagement> {
  return createCosmosDBManagement(podIdentity(), '', {
    endpoint,
    credentials: { scopes: [scope] },
    retryOptions: { maxRetries: 0 },
  })
}

export function isAbsent(error: unknown): boolean {
  return error instanceof AzureRefusal && error.status === 404
}

/** How long the service asks to wait before the next look, ms; undefined where it does not say. */
export function retryAfterMs({ headers }: Pick<Answer, 'headers'>): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 120) * 1000 : undefined
}

/** What an answer says of why it refuses. Two shapes: of the Resource Manager, and of the provider. */
export function refusalOf({ status, body }: Pick<Answer, 'status' | 'body'>): AzureRefusal {
  const { code, message } = errorSchema.safeParse(body).data?.error ?? flatErrorSchema.safeParse(body).data ?? {}
  return new AzureRefusal(status, code ?? String(status), firstLine(message) ?? `HTTP ${status}`)
}

/** Of what the service says, without the activity ids and versions of its own that follow on further lines. */
export function firstLine(message: string | undefined): string | undefined {
  return message?.split(/\r?\n/)[0] || undefined
}

/** An account or a server takes one change at a time; the next is refused until the one under way is done. */
function isLocked(status: number, answer: Answer): boolean {
  return (
    (status === 412 || status === 409) &&
    /operation in progress|busy processing another operation/i.test(refusalOf(answer).message)
  )
}

function isOfNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return (
    error.name === 'AbortError' ||
    error.name === 'TimeoutError' ||
    /^(REQUEST_SEND_ERROR|PARSE_ERROR|ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/.test(code)
  )
}
