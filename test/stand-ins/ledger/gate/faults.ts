import { once, EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'

const milliseconds = z.int().min(0)
const methods = ['Pause', 'Unpause', 'CheckPaused', 'Check'] as const
export type Method = (typeof methods)[number]

/** Everything a test may have the stand-in do wrong. What is absent works. All times in ms. */
export const faultsSchema = z.strictObject({
  /** a request in flight that never ends: every waiting Pause times out */
  neverDrain: z.boolean().optional(),
  /** a request in flight that ends after so long */
  drainMs: milliseconds.optional(),
  /** these methods act, but their answer never comes */
  hang: z.array(z.enum(methods)).optional(),
  /** these methods act at once, and answer so much later, or when other faults are set */
  delayMs: z.partialRecord(z.enum(methods), milliseconds).optional(),
  /** these methods do nothing and answer with a gRPC status, for so long */
  fail: z.partialRecord(z.enum(methods), z.strictObject({ code: z.string(), forMs: milliseconds })).optional(),
  /** somebody unpauses so long after a Pause succeeded */
  openAfterMs: milliseconds.optional(),
  /** the process dies so long after a Pause succeeded, and its container is started anew */
  exitAfterMs: milliseconds.optional(),
})
export type FaultSettings = z.infer<typeof faultsSchema>

/** The faults switched on at the moment. */
export class Faults {
  #settings: FaultSettings = {}
  #since = 0
  readonly #changes = new EventEmitter().setMaxListeners(0)

  get settings(): FaultSettings {
    return this.#settings
  }

  /** Replaces all faults; time limits begin now. */
  set(settings: FaultSettings): void {
    this.#settings = settings
    this.#since = Date.now()
    this.#changes.emit('set')
  }

  hangs(method: Method): boolean {
    return this.#settings.hang?.includes(method) ?? false
  }

  /** Keeps an answer back for as long as this method is to be late. */
  async delay(method: Method): Promise<void> {
    const delayMs = this.#settings.delayMs?.[method] ?? 0
    if (delayMs === 0) return
    const waiting = new AbortController()
    await Promise.race([
      sleep(delayMs, undefined, { signal: waiting.signal }),
      once(this.#changes, 'set', { signal: waiting.signal }),
    ])
    waiting.abort()
  }

  /** The name of the gRPC status that this method answers with now, if it fails. */
  failure(method: Method): string | undefined {
    const failure = this.#settings.fail?.[method]
    return failure !== undefined && Date.now() < this.#since + failure.forMs ? failure.code : undefined
  }
}
