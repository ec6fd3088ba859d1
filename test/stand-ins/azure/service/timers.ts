import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AzureSettings, PhaseName } from '../settings.ts'

/** Timers take no longer time, ms. */
const longestTimerMs = 2 ** 31 - 1

/** What goes on by itself, for as long as the settings say, whatever they come to be. */
export class Timers {
  #settings: AzureSettings
  #changed = Promise.withResolvers<void>()
  readonly #stopped = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  /** what went wrong inside the stand-in itself */
  readonly problems: unknown[] = []

  constructor(settings: AzureSettings) {
    this.#settings = settings
  }

  get settings(): AzureSettings {
    return this.#settings
  }

  set settings(settings: AzureSettings) {
    this.#settings = settings
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  /** Length of a phase, ms of this machine; the same every time for the same subject. */
  phaseMs(name: PhaseName, subject: string): number {
    const phase = this.#settings.phases[name]
    if (phase === 'held') return Infinity
    if (typeof phase === 'number') return phase / this.#settings.timeScale
    const draw = createHash('sha256').update(`${name} ${subject}`).digest().readUInt32BE() / 2 ** 32
    return (phase.fromMs + draw * (phase.toMs - phase.fromMs)) / this.#settings.timeScale
  }

  /** Does `then` when the phase of the subject is over; at once where it has no length. */
  after(name: PhaseName, subject: string, then: () => void): void {
    if (this.phaseMs(name, subject) === 0) {
      then()
      return
    }
    const job = async () => {
      try {
        await this.#passed(name, subject)
        then()
      } catch (error) {
        if (!this.#stopped.signal.aborted) this.problems.push(error)
      }
    }
    const running: Promise<void> = job().finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
  }

  async #passed(name: PhaseName, subject: string): Promise<void> {
    const began = performance.now()
    for (;;) {
      this.#stopped.signal.throwIfAborted()
      const leftMs = began + this.phaseMs(name, subject) - performance.now()
      if (leftMs <= 0) return
      const timer = new AbortController()
      const signal = AbortSignal.any([this.#stopped.signal, timer.signal])
      const slept = sleep(Math.min(leftMs, longestTimerMs), undefined, { signal, ref: false })
      await Promise.race([slept, this.#changed.promise]).finally(() => timer.abort())
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#underWay)
  }
}
