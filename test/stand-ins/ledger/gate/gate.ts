// Room: the gate that a Pause closes, and the ports that speak of it.
// Read gate, admin-service, server, faults, control-port.

import { performance } from 'node:perf_hooks'
import { GateHistory } from './gate-history.ts'

/** How a Pause ended; all but PAUSED are the `reason` of its ErrorInfo. */
export type PauseResult = 'PAUSED' | 'TIMED_OUT' | 'TIMED_OUT_STILL_PAUSED' | 'GATE_OPEN' | 'PAUSE_IN_PROGRESS'

/** The server is ending; a request held at the gate will not be let in any more. */
export class GateAbandoned extends Error {
  override readonly name = 'GateAbandoned'
}

/**
 * The gate in front of every request, with the outcomes of ScalarDL 4.0
 * (scalar-labs/scalardl, GateKeeper.java after its change of 2026-08-03; README.md has the table).
 */
export class Gate {
  readonly history = new GateHistory()
  #open = true
  #draining = false
  #outstanding = 0
  #held = 0
  #abandoned = false
  #wake = new Set<() => void>()

  get isOpen(): boolean {
    return this.#open
  }

  /** Requests in flight. */
  get outstanding(): number {
    return this.#outstanding
  }

  /** Requests that wait for the gate to open. */
  get held(): number {
    return this.#held
  }

  /**
   * Lets a request in; while the gate is closed it is held.
   * @throws GateAbandoned once the server ends.
   */
  async letIn(): Promise<void> {
    this.#held += 1
    while (!this.#open && !this.#abandoned) await this.change()
    this.#held -= 1
    if (this.#abandoned) throw new GateAbandoned('the server is shutting down')
    this.#outstanding += 1
  }

  letOut(): void {
    if (this.#outstanding > 0) this.#outstanding -= 1
    if (this.#outstanding === 0) this.#notify()
  }

  /** A request that is in flight whatever the gate says: for faults. Ends with letOut(). */
  occupy(): void {
    this.#outstanding += 1
  }

  /** Opens the gate, whoever closed it. */
  open(): void {
    this.#open = true
    this.history.note('open')
    this.#notify()
  }

  /** From now on nobody is let in, and those held are turned away. */
  abandon(): void {
    this.#abandoned = true
    this.#notify()
  }

  /**
   * Closes the gate.
   * @param waitMs how long to wait for the requests in flight; undefined: not at all
   */
  async pause(waitMs: number | undefined): Promise<PauseResult> {
    if (waitMs === undefined) {
      // A draining pause may still open the gate again, so there is nothing this one could promise.
      if (this.#draining) return 'PAUSE_IN_PROGRESS'
      this.close()
      return 'PAUSED'
    }
    const deadline = performance.now() + waitMs
    while (this.#draining) {
      if (performance.now() >= deadline) return 'PAUSE_IN_PROGRESS'
      await this.change(deadline)
    }
    this.#draining = true
    try {
      const closedHere = this.#open
      this.close()
      const result = await this.drained(deadline)
      if (result === 'PAUSED') return result
      if (closedHere) {
        this.open()
        return result
      }
      return result === 'TIMED_OUT' ? 'TIMED_OUT_STILL_PAUSED' : result
    } finally {
      this.#draining = false
      this.#notify()
    }
  }

  protected close(): void {
    this.#open = false
    this.history.note('closed')
  }

  protected async drained(deadline: number): Promise<PauseResult> {
    while (!this.#open && this.#outstanding > 0 && performance.now() < deadline) await this.change(deadline)
    if (this.#open) return 'GATE_OPEN'
    return this.#outstanding === 0 ? 'PAUSED' : 'TIMED_OUT'
  }

  /** Resolves at the next change, or at the deadline. */
  protected change(deadline?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wake.delete(wake)
        resolve()
      }
      const timer = deadline === undefined ? undefined : setTimeout(wake, Math.max(0, deadline - performance.now()))
      this.#wake.add(wake)
    })
  }

  #notify(): void {
    for (const wake of this.#wake) wake()
  }
}

/**
 * The gate of ScalarDL up to 3.x (the same file before that change): pauses know nothing of each other, and one that
 * cannot drain opens the gate even where an earlier pause had closed it.
 */
export class FormerGate extends Gate {
  override async pause(waitMs: number | undefined): Promise<PauseResult> {
    this.close()
    if (waitMs === undefined) return 'PAUSED'
    await this.drained(performance.now() + waitMs)
    if (this.outstanding === 0) return 'PAUSED'
    this.open()
    return 'TIMED_OUT'
  }
}
