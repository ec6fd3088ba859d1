import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { signalCommands } from '../../../local-kubernetes/machines/pod-processes.ts'
import { fillDuringDump } from '../../bad-input/full-volume.ts'
import { makeSmallClaim } from '../../bad-input/small-claim.ts'
import { Volume } from '../../stage/volume.ts'
import { Matrix, unusable, type Case } from '../fault-case.ts'
import { FaultStage, type FoundPod } from '../fault-stage.ts'
import { waysToEnd } from './ways-to-end.ts'

/** What ends a backup after its pause, while it dumps. */
const at = await FaultStage.open('faults-dump', { releases: [{ standIn: { STAND_IN_FILL_MB: '40' } }] })
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** Not the question for its version, which the preflight asks. */
const dumping = /pg_dump .*--snapshot/

/** Halts the dump as soon as it has begun, so that the fault surely comes in it. */
async function dumpHalted(one: Case): Promise<FoundPod> {
  const worker = await one.worker()
  const endMs = Date.now() + 240_000
  while (signalCommands(worker.uid, dumping, 'SIGSTOP') === 0) {
    if (Date.now() > endMs) throw new Error('waited in vain until it dumps')
    await sleep(20)
  }
  return worker
}

for (const { name, title, end } of waysToEnd) {
  matrix.case(`${name}-dumping`, `worker ${title} while it dumps`, unusable(/snapshot/), async (one) => {
    await one.begin('backup')
    const worker = await dumpHalted(one)
    await one.fault(() => end(at.stage, worker))
    // A kubelet takes a moment to ask a pod to go.
    await sleep(2000)
    signalCommands(worker.uid, dumping, 'SIGCONT')
  })
}

matrix.case('disk-full', 'the volume is full while it dumps', unusable(/no space left/i), async (one) => {
  const remove = await makeSmallClaim(at.stage, 'small', 64)
  t.teardown(remove)
  const volume = await Volume.of(at.stage, 'small')
  const filled = fillDuringDump(volume)
  one.willBegin('backup')
  // the volume is where it is, so the worker has to go there
  await one.fault(() => at.stage.scalardl(['backup', 'my', '--to', 'pvc://small/ledger', '--name', one.name]))
  await filled
})
