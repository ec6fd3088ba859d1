import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import type { Ground } from '../end-to-end/stage/ground.ts'
import { addLedger, openDatabaseStage, type LedgerStage } from '../end-to-end/stage/ledger-stage.ts'
import { Stage } from '../end-to-end/stage/stage.ts'
import type { Verdict } from '../stand-ins/ledger/data/verdict.ts'
import { workerSqlImage } from '../../build/images/worker-images.ts'

const namespace = 'quickstart'

/**
 * What the quickstart shows: a release at work in a namespace of its own, and commands run before the reader's eyes.
 */
export class Demonstration {
  readonly ground: Ground
  readonly stage: Stage

  constructor(ground: Ground) {
    this.ground = ground
    this.stage = new Stage(namespace, ground)
  }

  /** A PostgreSQL server and a Ledger of three pods, whose every transaction writes to two databases. */
  async begin(): Promise<LedgerStage> {
    return addLedger(await openDatabaseStage(namespace, {}, this.ground), { release: 'my-ledger' })
  }

  async remove(): Promise<void> {
    await this.stage.close()
  }

  say(text: string): void {
    process.stdout.write(`\n${text}\n`)
  }

  /**
   * Runs `kubectl scalardl …` as the reader would and shows all it says.
   * @throws Error where it does not exit with 0
   */
  async run(...args: string[]): Promise<void> {
    const { executable, kubectl, kubeconfig, context, images } = this.ground
    process.stdout.write(`\n$ kubectl scalardl ${args.join(' ')}\n`)
    const image =
      images.workerSql === workerSqlImage || args[0] === 'install' || args[0] === 'status'
        ? []
        : ['--image', images.workerSql]
    // kubectl finds its plugins on PATH, here as on the reader's machine
    const env = { ...process.env, PATH: `${dirname(executable)}${delimiter}${process.env['PATH'] ?? ''}` }
    const flags = ['-n', namespace, '--kubeconfig', kubeconfig, '--context', context]
    const child = spawn(kubectl, ['scalardl', ...args, ...image, ...flags], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const code = await new Promise<number>((resolve, reject) =>
      child.on('error', reject).on('close', (status) => resolve(status ?? 1)),
    )
    if (code !== 0) throw new Error(`kubectl scalardl ${args[0]} ended with exit code ${code}`)
  }

  /** Says whether the data of both databases is one consistent state. */
  async show(what: string, deployment: string): Promise<Verdict> {
    const verdict = await this.stage.check(deployment)
    const { transfersChecking, transfersSavings, sumChecking, sumSavings, expectedSum } = verdict.details
    this.say(`${what}: ${verdict.holds ? 'every invariant holds' : 'BROKEN'}`)
    process.stdout.write(`  transfers  ${transfersChecking} in database ledger_a, ${transfersSavings} in ledger_b\n`)
    process.stdout.write(
      `  money      ${sumChecking} + ${sumSavings} = ${sumChecking + sumSavings}, of ${expectedSum}\n`,
    )
    for (const problem of verdict.problems) process.stdout.write(`  broken     ${problem}\n`)
    return verdict
  }
}
