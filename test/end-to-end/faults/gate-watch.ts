import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import * as z from 'zod'
import type { LocalCluster } from '../../local-kubernetes/local-cluster.ts'
import type { FaultSettings } from '../../stand-ins/ledger/gate/faults.ts'

const seenSchema = z.object({
  seen: z.string(),
  atMs: z.number(),
  history: z.object({
    startedAt: z.number(),
    done: z.number(),
    closed: z.array(z.object({ from: z.number(), until: z.number().optional() })),
  }),
})
const answerSchema = z.object({ id: z.number(), ok: z.boolean() })

/** What is known of one process of the stand-in; times in ms since the epoch. */
export interface SeenGate {
  ip: string
  /** when it last answered */
  atMs: number
  startedAt: number
  /** transfers made */
  done: number
  closed: readonly { from: number; until?: number | undefined }[]
}

/**
 * Watches the gates of Ledger pods from outside of them and apart from the API server, so that no fault of a test keeps
 * it from seeing.
 */
export class GateWatch {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #gates = new Map<string, SeenGate>()
  readonly #answers = new Map<number, (ok: boolean) => void>()
  #asked = 0

  /** @param node whose network it is in: one that stays */
  constructor(cluster: LocalCluster, node = 1) {
    const { program, args } = cluster.inNetworkOf(node, process.execPath, [join(import.meta.dirname, 'gate-poll.ts')])
    // tap's own hooks for its tests' children are no use there
    this.#child = spawn(program, args, { env: { ...process.env, NODE_OPTIONS: '' } })
    this.#child.stderr.pipe(process.stderr)
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(JSON.parse(line)))
  }

  watch(ip: string): void {
    this.#send({ watch: ip })
  }

  /** Every process seen so far, those of pods that are gone too. */
  get gates(): SeenGate[] {
    return [...this.#gates.values()]
  }

  /** The process that answered last at this address. */
  at(ip: string): SeenGate | undefined {
    return this.gates
      .filter((gate) => gate.ip === ip)
      .sort((a, b) => a.startedAt - b.startedAt)
      .at(-1)
  }

  /** @throws Error where the stand-in did not take them */
  async setFaults(ip: string, faults: FaultSettings): Promise<void> {
    this.#asked += 1
    const id = this.#asked
    const answered = new Promise<boolean>((resolve) => this.#answers.set(id, resolve))
    this.#send({ id, ip, faults: JSON.stringify(faults) })
    if (!(await answered)) throw new Error(`the stand-in at ${ip} did not take its faults`)
  }

  close(): void {
    this.#child.stdin.end()
  }

  #send(command: object): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`)
  }

  #read(line: unknown): void {
    const seen = seenSchema.safeParse(line)
    if (seen.success) {
      const { seen: ip, atMs, history } = seen.data
      this.#gates.set(`${ip} ${history.startedAt}`, { ip, atMs, ...history })
      return
    }
    const { id, ok } = answerSchema.parse(line)
    this.#answers.get(id)?.(ok)
    this.#answers.delete(id)
  }
}
