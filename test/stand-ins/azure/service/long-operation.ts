import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { AzureError } from './errors.ts'

/** Signs the addresses of operations; new with every stand-in. */
const secret = randomBytes(32)
/** About as much as the certificate that Azure puts into such an address. */
const ballast = randomBytes(1_700).toString('base64url')

const signatureOf = (path: string, t: string) =>
  createHmac('sha256', secret).update(`${path.toLowerCase()} ${t}`).digest('base64url')

/** The query that an operation's address carries: about 2.5 KB that nobody may change. */
export function signedQuery(path: string, apiVersion: string): string {
  const t = String(BigInt(Date.now()) * 10_000n + 621_355_968_000_000_000n)
  const s = signatureOf(path, t)
  return `api-version=${apiVersion}&t=${t}&c=${ballast}&s=${s}&h=${randomBytes(32).toString('base64url')}`
}

/** @throws AzureError 403 where an operation's address is not as it was given */
export function checkSigned(path: string, query: URLSearchParams): void {
  if (query.get('s') === signatureOf(path, query.get('t') ?? '') && query.get('c') === ballast) return
  throw new AzureError(403, 'Forbidden', 'The signature of the operation is missing or invalid.', { from: 'gateway' })
}

/** Something that ARM began and whose end is asked for. */
export class LongOperation {
  readonly id = randomUUID()
  /** `location` alone for what answers 202 with Location only */
  readonly kind: 'status and location' | 'location'
  #state: 'running' | 'succeeded' | 'failed' = 'running'
  #polls = 0
  #error: { code: string; message: string } | undefined
  #result: (() => object | undefined) | undefined
  readonly #states: readonly [first: string, later: string]

  /** @param states that its polls tell while it goes on */
  constructor(kind: LongOperation['kind'], states: readonly [string, string] = ['Enqueued', 'Dequeued']) {
    this.kind = kind
    this.#states = states
  }

  /** @param result what its Location answers from now on; undefined: nothing */
  succeed(result: () => object | undefined): void {
    this.#state = 'succeeded'
    this.#result = result
  }

  fail(error: { code: string; message: string }): void {
    this.#state = 'failed'
    this.#error = error
  }

  get isOver(): boolean {
    return this.#state !== 'running'
  }

  /** The answer to who asks for its state. */
  poll(): object {
    if (this.#state === 'succeeded') return { status: 'Succeeded' }
    if (this.#state === 'failed') return { status: 'Failed', error: this.#error }
    this.#polls += 1
    return { status: this.#states[this.#polls === 1 ? 0 : 1] }
  }

  /** The answer of its Location once it is over; undefined: no content. @throws AzureError where it failed */
  get result(): object | undefined {
    if (this.#error !== undefined) throw new AzureError(400, this.#error.code, this.#error.message)
    return this.#result?.()
  }
}
