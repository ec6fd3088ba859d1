import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { messageOf } from '../operation/failure.ts'
import { openLedgerStage } from '../test/end-to-end/stage/ledger-stage.ts'
import { useGround } from './ground/ground.ts'
import { bareJob, pauseOnce } from './operation-chain.ts'
import type { Parts } from './figures/phases.ts'
import { formatRows, spreads } from './figures/report.ts'
import { formatSpread, spreadOf, type Spread } from './figures/statistics.ts'

/**
 * What happens between Enter and the prompt of `kubectl scalardl pause --duration 1s`, and when; beside a bare Job that
 * prints one line, which is what Kubernetes takes for any Job. In turns.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    context: { type: 'string' },
    kubeconfig: { type: 'string' },
    'image-load': { type: 'string' },
    registry: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

/** Each step beside how long it came after the one before. */
function formatChain(title: string, rounds: readonly Parts[]): string {
  const steps = Object.keys(rounds[0] ?? {})
  const after = (step: string, before: string | undefined): Spread =>
    spreadOf(rounds.map((round) => (round[step] ?? Number.NaN) - (before === undefined ? 0 : (round[before] ?? 0))))
  const rows = steps.map((step, index) => [
    step,
    formatSpread(after(step, undefined)),
    formatSpread(after(step, steps[index - 1])),
  ])
  return formatRows([[title, 'from Enter', 'after the step before'], ...rows])
}

async function main(): Promise<void> {
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds is a whole number')
  const ground = await useGround({
    context: values.context,
    kubeconfig: values.kubeconfig,
    imageLoad: values['image-load'],
    registry: values.registry,
  })
  try {
    const { stage } = await openLedgerStage('bench-operation', { storage: 'single' })
    const bare: Parts[] = []
    const pauses: Parts[] = []
    try {
      for (let round = 0; round <= rounds; round += 1) {
        const [floor, chain] = [await bareJob(stage, `bare-${round}`), await pauseOnce(stage, `round-${round}`)]
        if (round === 0) continue // images and caches warm up
        bare.push(floor)
        pauses.push(chain)
      }
    } finally {
      if (!values.keep) await stage.close()
    }
    const above = spreadOf(pauses.map((chain, at) => (chain['first Pause'] ?? 0) - (bare[at]?.['its line'] ?? 0)))
    process.stdout.write(
      `${formatChain('A BARE JOB', bare)}\n${formatChain('PAUSE FOR 1 s', pauses)}\n` +
        `first Pause above the bare Job's line: ${formatSpread(above)}\n`,
    )
    if (values.json !== undefined) {
      const document = {
        measuredAt: new Date().toISOString(),
        unit: 'ms',
        'bare Job': spreads({ title: 'bare Job', rounds: bare }),
        pause: spreads({ title: 'pause', rounds: pauses }),
        'first Pause above the floor': above,
      }
      await writeFile(values.json, `${JSON.stringify(document, null, 2)}\n`)
    }
  } finally {
    if (!values.keep) await ground.down()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
})
