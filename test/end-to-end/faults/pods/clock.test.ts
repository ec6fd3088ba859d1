import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Job } from '@kubernetes/client-node'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { processesOf, signalPod } from '../../../local-kubernetes/pod-processes.ts'
import { either, Matrix, usable, type Case } from '../fault-case.ts'
import { FaultStage, type FoundPod } from '../fault-stage.ts'

/**
 * The worker's clock is set while it works. All nodes share one clock, so the worker is given another by what it
 * imports.
 */
const at = await FaultStage.open('faults-clock')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** A file in the worker: how far its clock is set, ms. */
const file = '/tmp/clock'
const settable = `
import { readFileSync } from 'node:fs'
const Real = Date
const offset = () => {
  try {
    return Number(readFileSync('${file}', 'utf8'))
  } catch {
    return 0
  }
}
globalThis.Date = class Date extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + offset())
    else super(...given)
  }
  static now() {
    return Real.now() + offset()
  }
}
`

/** The flags that give a worker this clock: its containers as the plugin would make them, and one variable more. */
async function withSettableClock(one: Case, kind: 'backup' | 'pause', flags: readonly string[]): Promise<string[]> {
  const dry = await at.stage.scalardl([...one.command(kind), ...flags, '--dry-run=client', '-o', 'yaml'])
  const objects = parseAllDocuments(dry.stdout).map((document) => document.toJS() as V1Job)
  const job = objects.find((item) => item.kind === 'Job' && item.metadata?.name?.startsWith('scalardl-'))
  const options = { name: 'NODE_OPTIONS', value: `--import=data:text/javascript,${encodeURIComponent(settable)}` }
  const containers = (job?.spec?.template.spec?.containers ?? []).map((container) => ({
    ...container,
    env: [...(container.env ?? []), options],
  }))
  return [...flags, '--patch', JSON.stringify({ spec: { template: { spec: { containers } } } })]
}

for (const { name, title, ms } of [
  { name: 'ahead', title: 'an hour ahead', ms: 3_600_000 },
  { name: 'back', title: 'an hour back', ms: -3_600_000 },
]) {
  matrix.case(`${name}-paused`, `the worker's clock set ${title} in its pause`, either(/clock/), async (one) => {
    await one.begin('pause', ...(await withSettableClock(one, 'pause', ['--duration', '6s'])))
    const worker = await one.worker()
    await one.allPaused()
    await one.fault(() => setClock(worker, ms))
    await one.allServe()
    await sleep(1000)
  })
}

matrix.case('ahead-before', "the worker's clock set an hour ahead before its pause", usable, async (one) => {
  await one.slowPreflight()
  await one.begin('backup', ...(await withSettableClock(one, 'backup', [])))
  const worker = await one.haltedInPreflight()
  one.workerAheadMs = 3_600_000
  await one.fault(() => setClock(worker, one.workerAheadMs))
  signalPod(worker.uid, 'SIGCONT')
})

matrix.restores()

/** From outside of the container, so that it comes at once. */
function setClock({ uid }: FoundPod, ms: number): void {
  const [pid] = processesOf(uid)
  writeFileSync(`/proc/${pid}/root${file}`, String(ms))
}
