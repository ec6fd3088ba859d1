import t from 'tap'
import { signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { Matrix, unusable, usable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** Pauses that are held until `unpause` ends them, and what befalls them before. */
const at = await FaultStage.open('faults-unpause')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** Such a pause lasts until the Job of `unpause` is at work. */
const withinMs = 60_000
const held = { ...usable, withinMs }
const openedByAnother = { ...unusable(/unpaused by somebody else/), withinMs }

matrix.case('guard-killed', 'guard killed in a pause that unpause then ends', held, async (one, t) => {
  await one.begin('pause')
  const guard = await one.guard()
  await one.allPaused()
  await one.fault(() => signalPod(guard.uid, 'SIGKILL'))
  const run = await at.stage.scalardl(['unpause', 'my'])
  t.equal(run.code, 0, run.stderr)
})

matrix.case('opened-before', 'somebody else unpauses one pod before unpause', openedByAnother, async (one, t) => {
  await at.setFaults(one.pods[1], { openAfterMs: 1500 })
  await one.begin('pause')
  await one.fault(() => one.allPaused())
  await at.untilGates('open', one.pods.slice(1, 2))
  const run = await at.stage.scalardl(['unpause', 'my'])
  t.equal(run.code, 3, run.stderr)
})

matrix.case(
  'worker-hung',
  'the worker hangs (SIGSTOP) when unpause asks it to end its pause',
  unusable(/guard|worker was replaced|unpaused/),
  async (one) => {
    await one.begin('pause')
    const worker = await one.worker()
    await one.allPaused()
    one.afterwards(() => signalPod(worker.uid, 'SIGCONT'))
    await one.fault(() => signalPod(worker.uid, 'SIGSTOP'))
    await at.stage.scalardl(['unpause', 'my'])
    await one.allServe()
  },
)

matrix.case('forced', 'unpause --force ends the pause without asking its worker', openedByAnother, async (one) => {
  await one.begin('pause')
  await one.allPaused()
  await one.fault(() => at.stage.scalardl(['unpause', 'my', '--force']))
  await one.allServe()
})
