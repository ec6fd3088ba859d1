import t from 'tap'
import { signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { Matrix, unusable, usable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** What befalls the guard, and what the guard is there for. */
const at = await FaultStage.open('faults-guard')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

matrix.case('killed', 'guard killed in the pause', usable, async (one) => {
  await one.slowPause(4000)
  await one.begin('backup')
  const guard = await one.guard()
  await one.allPaused()
  await one.fault(() => signalPod(guard.uid, 'SIGKILL'))
})

matrix.case('deleted', 'the guard’s pod deleted in the pause', usable, async (one) => {
  await one.slowPause(4000)
  await one.begin('backup')
  const guard = await one.guard()
  await one.allPaused()
  await one.fault(() => at.stage.kubectl(['delete', 'pod', guard.name, '--wait=false']))
})

matrix.case('both-killed', 'worker and guard killed in the pause', unusable(/worker was replaced/), async (one) => {
  await one.slowPause()
  await one.begin('backup')
  const [worker, guard] = await Promise.all([one.worker(), one.guard()])
  await one.allPaused()
  await one.fault(() => {
    signalPod(guard.uid, 'SIGKILL')
    signalPod(worker.uid, 'SIGKILL')
  })
})

matrix.case('none', 'worker killed in a pause without a guard', unusable(/worker was replaced/), async (one) => {
  await one.slowPause()
  await one.begin('backup', '--guard=false')
  const worker = await one.worker()
  await one.allPaused()
  await one.fault(() => signalPod(worker.uid, 'SIGKILL'))
})

matrix.case('cut-from-worker', 'worker and guard cut off from each other in the pause', usable, async (one) => {
  await one.begin('pause', '--duration', '12s')
  const [worker, guard] = await Promise.all([
    one.worker().then((pod) => at.addressOf(pod)),
    one.guard().then((pod) => at.addressOf(pod)),
  ])
  await one.allPaused()
  one.afterwards(() => at.cluster.mendBetween(worker, guard))
  await one.fault(() => at.cluster.cutBetween(worker, guard))
  await one.allServe()
})

matrix.case(
  'worker-hung',
  'the worker hangs (SIGSTOP) in its pause',
  unusable(/guard|worker was replaced|unpaused/),
  async (one) => {
    await one.begin('pause', '--duration', '20s')
    const worker = await one.worker()
    await one.allPaused()
    one.afterwards(() => signalPod(worker.uid, 'SIGCONT'))
    await one.fault(() => signalPod(worker.uid, 'SIGSTOP'))
    await one.allServe()
  },
)

matrix.case(
  'worker-cut-from-ledgers',
  'the worker cut off from the Ledger pods in its pause',
  unusable(/could not say|guard/),
  async (one) => {
    await one.begin('pause', '--duration', '7s')
    const worker = await at.addressOf(await one.worker())
    await one.allPaused()
    const each = (change: (ip: string) => Promise<void>) => Promise.all(one.pods.map(({ ip }) => change(ip)))
    one.afterwards(() => each((ip) => at.cluster.mendBetween(worker, ip)))
    await one.fault(() => each((ip) => at.cluster.cutBetween(worker, ip)))
    await one.allServe()
  },
)

matrix.restores()
