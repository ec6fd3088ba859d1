import { setTimeout as sleep } from 'node:timers/promises'
import type { Bank } from './bank.ts'
import { GateAbandoned, type Gate } from '../gate/gate.ts'
import type { Pace } from '../settings.ts'
import { newTransfer, type Transfer } from './transfer.ts'

interface WorkloadOptions {
  bank: Bank
  gate: Gate
  pace: Pace
  /** name of this pod, of which the streams are named */
  instance: string
  log: (line: string) => void
}

/**
 * The requests that clients would send: every worker makes one transfer after another, each through the gate. With the
 * default pace a worker spends about 70 % of its time half-way through a transfer, so that of the nine workers of three
 * pods at least one is so at all but about 0.002 % of all moments.
 */
export class Workload {
  /** transfers made since the process started */
  done = 0
  readonly #options: WorkloadOptions
  readonly #hurry = new AbortController()
  readonly #workers: Promise<void>[] = []
  #stopping = false
  #calls = 0

  constructor(options: WorkloadOptions) {
    this.#options = options
  }

  start(): void {
    for (let worker = 1; worker <= this.#options.pace.workers; worker += 1)
      this.#workers.push(this.#work(`${this.#options.instance}-${worker}`))
  }

  /** One transfer on behalf of a client; held while the gate is closed. */
  async execute(): Promise<Transfer> {
    this.#calls += 1
    const transfer = newTransfer(`${this.#options.instance}-${process.pid}-${Date.now()}-${this.#calls}`, 1)
    await this.#throughGate(transfer)
    return transfer
  }

  /** Begins no further transfer and finishes those under way, unless that takes longer than `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true
    this.#options.gate.abandon()
    const timer = setTimeout(() => this.#hurry.abort(), limitMs)
    await Promise.all(this.#workers)
    clearTimeout(timer)
  }

  async #work(stream: string): Promise<void> {
    let transfer: Transfer | undefined
    while (!this.#stopping) {
      try {
        // A container that was started anew finishes what it had begun, and counts on from there.
        transfer ??= (await this.#options.bank.last(stream)) ?? newTransfer(stream, 1)
        await this.#throughGate(transfer)
        transfer = newTransfer(stream, transfer.number + 1)
      } catch (error) {
        if (error instanceof GateAbandoned || this.#hurry.signal.aborted) return
        this.#options.log(`${stream}: ${error instanceof Error ? error.message : String(error)}`)
        await sleep(500)
      }
      await sleep(this.#options.pace.restMs)
    }
  }

  async #throughGate(transfer: Transfer): Promise<void> {
    await this.#options.gate.letIn()
    try {
      await this.#options.bank.make(transfer, { gapMs: this.#options.pace.gapMs, hurry: this.#hurry.signal })
      this.done += 1
    } finally {
      this.#options.gate.letOut()
    }
  }
}
