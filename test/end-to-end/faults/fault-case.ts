// Room: whatever may break during a backup, and how long pods stay paused then.
// Read README.md, fault-case, fault-stage, pods/, cluster/.

import { basename } from 'node:path'
import t, { type Test } from 'tap'
import { operationName } from '../../../operation/names.ts'
import type { BackupPart, OperationRecord } from '../../../operation/record.ts'
import { signalPod } from '../../local-kubernetes/machines/pod-processes.ts'
import { until } from '../stage/gates.ts'
import { recordOf } from '../stage/records.ts'
import { nothingGoesOn } from './aftermath.ts'
import { gateState, type FaultStage, type FoundPod } from './fault-stage.ts'
import { longestPauseAfter } from './longest-pause.ts'
import { openWithin } from './open-within.ts'
import { pausesSince } from './pauses-since.ts'
import { writeResult, type CaseResult } from './results.ts'
import { stopWriters } from '../stage/writers.ts'

/** The promise: whatever dies, every pod that was paused serves again within this time, ms. */
const promisedMs = 15_000

/** The end that a case must have; the reason is of an unusable one. */
export interface Expected {
  ends: CaseResult['ended']
  reason?: RegExp
  /** which of several situations this is the end of, where the fault may make several */
  situation?: string
  /** in place of the promised time, where nobody is left who could keep it, ms */
  withinMs?: number
}
export const usable: Expected = { ends: 'usable' }
export const unusable = (reason: RegExp): Expected => ({ ends: 'unusable', reason })

/**
 * For a fault that comes at a moment which is not ours to choose: says which situation it made, and the end of that. It
 * looks at the gates and at the cluster once all is over, and not at the record that is judged.
 */
export type BySituation = (one: Case) => Expected | Promise<Expected>
export const inSituation = (situation: string, expected: Expected): Expected => ({ ...expected, situation })

/** One operation and what befalls it. */
export class Case {
  readonly at: FaultStage
  readonly name: string
  /** the Ledger pods when it began */
  readonly pods: readonly FoundPod[]
  /** ms since the epoch */
  readonly startedMs = Date.now()
  /** when the fault came, ms since the epoch */
  faultMs: number | undefined
  /** how far the fault set the worker's clock, by which the record tells times, ms */
  workerAheadMs = 0
  /** further pauses of a backup; none, so that what the fault does to the first is seen */
  retries = 0
  #operation: string | undefined
  readonly #undoing: (() => unknown)[] = []

  constructor(at: FaultStage, name: string, pods: readonly FoundPod[]) {
    this.at = at
    this.name = name
    this.pods = pods
  }

  get operation(): string {
    if (this.#operation === undefined) throw new Error('no operation has begun')
    return this.#operation
  }

  /**
   * Has one pod keep its answer to Pause back for so long: all stay paused meanwhile, at a moment when the worker
   * waits.
   */
  async slowPause(ms = 8000): Promise<void> {
    await this.at.setFaults(this.pods[0], { delayMs: { Pause: ms } })
  }

  /**
   * Has one pod say whether it is paused too late for a worker, which asks again before its pause until this is healed.
   */
  async slowPreflight(): Promise<void> {
    await this.at.setFaults(this.pods[0], { delayMs: { CheckPaused: 4000 } })
  }

  /**
   * The worker, halted (SIGSTOP) in the preflight that is slow, so that the fault surely comes before its pause.
   * @throws Error where that could not be done in time
   */
  async haltedInPreflight(): Promise<FoundPod> {
    const worker = await this.worker()
    await this.inPhase('preflight')
    signalPod(worker.uid, 'SIGSTOP')
    const { phases } = await recordOf(this.at.stage, this.operation)
    if (phases.some(({ name }) => name === 'pause')) throw new Error('the worker was halted too late, in its pause')
    await this.at.setFaults(this.pods[0], {})
    return worker
  }

  /** Begins a backup, or a pause, of the release; its worker runs on the second node. */
  async begin(kind: 'backup' | 'pause', ...flags: string[]): Promise<void> {
    this.willBegin(kind)
    await this.at.stage.succeeds([...this.command(kind), '--wait=false', ...flags])
  }

  /** For a case that starts the plugin itself. */
  willBegin(kind: 'backup' | 'pause'): void {
    this.#operation = operationName(kind, this.name)
  }

  command(kind: 'backup' | 'pause'): string[] {
    return [
      kind,
      ...this.at.releases,
      '--name',
      this.name,
      ...this.at.placed,
      ...this.at.adminFlags,
      ...(kind === 'backup' ? ['--to', 'pvc://backups/ledger', '--retries', String(this.retries)] : []),
    ]
  }

  allPaused(): Promise<void> {
    return this.at.untilGates('closed', this.pods)
  }

  allServe(timeoutMs?: number): Promise<void> {
    return this.at.untilGates('open', this.pods, timeoutMs)
  }

  /** How many pauses the gates have seen since the case began. */
  pauses(): number {
    return pausesSince(this.startedMs, this.at.gates.gates)
  }

  inPhase(phase: string): Promise<void> {
    return until(`${this.operation} is in its phase ${phase}`, async () => {
      const record = await recordOf(this.at.stage, this.operation).catch(() => undefined)
      return record?.phases.some(({ name }) => name === phase) ?? false
    })
  }

  worker(): Promise<FoundPod> {
    return this.at.podOf(this.operation, 'worker')
  }

  guard(): Promise<FoundPod> {
    return this.at.podOf(this.operation, 'guard')
  }

  /** Has this done once the case has acted, whatever came of it, and before it is judged; the last first. */
  afterwards(undo: () => unknown): void {
    this.#undoing.unshift(undo)
  }

  async undo(): Promise<void> {
    for (const undo of this.#undoing.splice(0)) await undo()
  }

  /** Does it, and remembers since when. */
  async fault(act: () => unknown): Promise<void> {
    this.faultMs = Date.now()
    await act()
  }
}

/** The cases of one file on one stage; with a pattern in SCALARDL_TEST_FAULT only those whose names match. */
export class Matrix {
  readonly #at: FaultStage
  readonly #group: string
  readonly #usable: OperationRecord[] = []

  constructor(at: FaultStage, file: string) {
    this.#at = at
    this.#group = basename(file, '.test.ts')
  }

  /**
   * One case: `act` begins an operation and does the fault. Then the operation has to end in one of two states, and all
   * pods to serve.
   * @param title what happens, for people
   */
  case(
    name: string,
    title: string,
    expected: Expected | BySituation,
    act: (one: Case, t: Test) => Promise<void>,
  ): void {
    if (!new RegExp(process.env['SCALARDL_TEST_FAULT'] ?? '').test(`${this.#group}/${name}`)) return
    void t.test(`${name}: ${title}`, async (t) => {
      const startedMs = Date.now()
      const result: CaseResult = { group: this.#group, name, title, ended: 'neither', seconds: 0, passed: false }
      t.teardown(() => writeResult({ ...result, passed: t.passing(), seconds: (Date.now() - startedMs) / 1000 }))
      const one = new Case(this.#at, name, await this.#at.ledgers())
      let ended = false
      try {
        await act(one, t).finally(() => one.undo())
        await this.#judge(t, one, expected, result)
        ended = t.passing()
      } finally {
        // what went wrong before is what counts
        await this.#putBack(one, ended).catch((error: unknown) => t.comment(`not put back: ${String(error)}`))
      }
    })
  }

  async #judge(t: Test, one: Case, expected: Expected | BySituation, result: CaseResult): Promise<void> {
    const { stage, gates } = this.#at
    const wait = await stage.scalardl(['wait', one.operation, '--timeout', '150s'])
    const record = await recordOf(stage, one.operation)
    const {
      ends,
      reason,
      situation,
      withinMs = promisedMs,
    } = typeof expected === 'function' ? await expected(one) : expected
    Object.assign(result, { exitCode: wait.code, ...endOf(record), ...(situation !== undefined && { situation }) })
    t.equal(result.ended, ends, `it ends ${ends}${situation === undefined ? '' : `, as ${situation}`}: ${wait.stderr}`)
    t.equal(wait.code, record.exitCode, 'the exit code is that of the record')
    t.equal(wait.code === 0, result.ended === 'usable', `exit code ${wait.code}`)
    if (result.ended === 'unusable' && reason !== undefined) t.match(result.reason, reason, 'the record says why')
    t.strictSame(record.stillPaused, [], 'the record leaves no pod paused')

    const pods = await this.#at.ledgers()
    await this.#at.untilGates('open', pods, 60_000).catch(() => undefined)
    const before = pods.map(({ ip }) => gates.at(ip))
    t.strictSame(
      before.map(gateState),
      pods.map(() => 'open'),
      'every pod serves',
    )
    await until('every pod makes transfers', async () =>
      pods.every(({ ip }, index) => (gates.at(ip)?.done ?? 0) > (before[index]?.done ?? 0)),
    )
    if (one.faultMs === undefined) throw new Error('the case did no fault')
    result.longestPauseMs = longestPauseAfter(one.faultMs, gates.gates)
    t.ok(
      result.longestPauseMs <= withinMs,
      `no pod stays paused for longer than ${withinMs} ms after the fault: ${result.longestPauseMs}`,
    )
    await nothingGoesOn(t, stage)
    if (result.ended !== 'usable') return
    this.#closedThroughout(t, one, record)
    if (record.backup !== undefined) this.#usable.push(record)
  }

  /** What the record calls a valid window was one: by the gates' own word, not the record's. */
  #closedThroughout(t: Test, one: Case, { windows, backup }: OperationRecord): void {
    const { allPausedAt = '', unpauseSentAt = '', endpoints } = windows.at(-1) ?? { endpoints: [] }
    const atMs = (time: string) => Date.parse(time) - one.workerAheadMs
    const window = { fromMs: atMs(allPausedAt), untilMs: atMs(unpauseSentAt) }
    const { gates } = this.#at.gates
    t.ok(window.fromMs <= window.untilMs, `a window from ${allPausedAt} to ${unpauseSentAt}`)
    t.strictSame(openWithin(window, gates), [], 'no gate was open in the window')
    const unseen = endpoints.filter(({ address }) => !gates.some(({ ip }) => address.startsWith(`${ip}:`)))
    t.strictSame(unseen, [], 'every server of the window was watched')
    if (backup?.restorePoint === undefined) return
    const pointMs = atMs(backup.restorePoint)
    t.ok(window.fromMs <= pointMs && pointMs <= window.untilMs, `the restore point ${backup.restorePoint} lies in it`)
  }

  /** Restores every backup that a case found usable, and checks what the databases then hold. Comes after all cases. */
  restores(): void {
    void t.test('every backup that was called usable is restored whole', async (t) => {
      const { stage, deployments, adminFlags } = this.#at
      // Without its workload a release leaves the data still, so that it can be checked.
      await stopWriters(stage, ...deployments)
      for (const { operation, backup } of this.#usable) {
        const flags = ['--database-secret', 'database-admin', '--drop-previous', '--yes', ...adminFlags]
        const run = await stage.scalardl(['restore', backup?.name ?? '', ...flags])
        t.equal(run.code, 0, `${operation}: ${run.stderr}`)
        let transfers = 0
        for (const deployment of deployments) {
          const { problems, details } = await stage.check(deployment)
          t.strictSame(problems, [], `${operation}, ${deployment}: every invariant holds`)
          transfers += details.transfersChecking
        }
        t.equal(transfers, transfersIn(backup, 'checking'), `${operation}: its rows`)
      }
      t.pass(`${this.#usable.length} backups`)
    })
  }

  /** Whatever a case left, the next begins on a release that serves. */
  async #putBack(one: Case, ended: boolean): Promise<void> {
    const { stage } = this.#at
    const pods = await this.#at.ledgers()
    for (const pod of pods) await this.#at.setFaults(pod, {}).catch(() => undefined)
    if (!ended) await stage.scalardl(['cancel', one.operation])
    if (pods.some(({ ip }) => gateState(this.#at.gates.at(ip)) !== 'open')) {
      const { releases, adminFlags } = this.#at
      await stage.scalardl(['unpause', ...releases, '--direct', '--force', ...adminFlags]).catch(() => undefined)
    }
  }
}

/** How the record says that the operation ended: usable, unusable, or neither, which it must not. */
export function endOf(record: OperationRecord): Pick<CaseResult, 'ended' | 'reason'> {
  const window = record.windows.at(-1)
  const { state, failure, backup } = record
  if (state === 'succeeded') {
    const whole =
      backup === undefined ||
      (backup.state === 'restorable' && transfersIn(backup, 'checking') === transfersIn(backup, 'savings'))
    return { ended: window?.verdict === 'valid' && whole ? 'usable' : 'neither' }
  }
  const said = (state === 'failed' || state === 'cancelled') && failure !== undefined && window?.verdict !== 'open'
  const ended = said && (backup === undefined || backup.state === 'unusable') ? 'unusable' : 'neither'
  return { ended, reason: [...new Set([failure?.why, backup?.reason].filter((why) => why !== undefined))].join('; ') }
}

/** How many transfers one side of a backup has, over all its databases. */
function transfersIn(backup: BackupPart | undefined, schema: string): number {
  return (backup?.databases ?? [])
    .flatMap(({ tables }) => tables)
    .filter((table) => table.schema === schema && table.name === 'transfer')
    .reduce((sum, { rows = Number.NaN }) => sum + rows, 0)
}
