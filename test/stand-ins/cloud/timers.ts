import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Phase } from './settings.ts'

/** Timers take no longer time, ms. */
const longestTimerMs = 2 ** 31 - 1

/** The settings that say how long each phase takes. */
export interface Pace {
  phases: Record<string, Phase>
  /** how many times faster than the real service it is */
  timeScale?: number
}

/** A phase by its name, and whose it is. */
export type PhaseOf<Settings extends Pace> = [name: keyof Settings['phases'] & string, subject: string]

/** What goes on by itself, for as long as the settings say, whatever they come to be. */
export class Timers<Settings extends Pace> {
  #settings: Settings
  #changed = Promise.withResolvers<void>()
  readonly #stopped = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  /** what went wrong inside the stand-in itself */
  readonly problems: unknown[] = []

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get settings(): Settings {
    return this.#settings
  }

  set settings(settings: Settings) {
    this.#settings = settings
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  /** Length of a phase, ms of this machine; the same every time for the same subject. */
  #phaseMs([name, subject]: PhaseOf<Settings>): number {
    const { timeScale = 1, phases } = this.#settings
    const phase = phases[name]
    if (phase === undefined) throw new Error(`no phase ${name}`)
    if (phase === 'held') return Infinity
    if (typeof phase === 'number') return phase / timeScale
    const draw = createHash('sha256').update(`${name} ${subject}`).digest().readUInt32BE() / 2 ** 32
    return (phase.fromMs + draw * (phase.toMs - phase.fromMs)) / timeScale
  }

  /** Does `work` at once, and `then` when both it and the phase are over. */
  background(phase: PhaseOf<Settings>, work: () => Promise<void>, then: () => void): void {
    const job = async () => {
      try {
        await Promise.all([work(), this.#passed(phase)])
        then()
      } catch (error) {
        if (!this.#stopped.signal.aborted) this.problems.push(error)
      }
    }
    const running: Promise<void> = job().finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
  }

  /** Does `then` when the phase is over; at once where it has no length. */
  after(phase: PhaseOf<Settings>, then: () => void): void {
    if (this.#phaseMs(phase) === 0) then()
    else this.background(phase, () => Promise.resolve(), then)
  }

  async #passed(phase: PhaseOf<Settings>): Promise<void> {
    const began = performance.now()
    for (;;) {
      this.#stopped.signal.throwIfAborted()
      const leftMs = began + this.#phaseMs(phase) - performance.now()
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
