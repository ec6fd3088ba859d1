import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { Matrix, unusable, usable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** What Ledger pods do in a pause. */
const at = await FaultStage.open('faults-ledger')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

matrix.case('killed', 'a Ledger pod killed in the pause', unusable(/restarted|could not say/), async (one) => {
  await one.begin('pause', '--duration', '6s')
  await one.allPaused()
  await one.fault(() => signalPod(one.pods[1]?.uid ?? '', 'SIGKILL'))
})

matrix.case(
  'hung',
  'a Ledger pod hangs for 8 s in the pause',
  unusable(/could not say|not answer|deadline/i),
  async (one) => {
    const hung = one.pods[1]?.uid ?? ''
    await one.slowPause(3000)
    await one.begin('backup')
    await one.allPaused()
    one.afterwards(() => signalPod(hung, 'SIGCONT'))
    await one.fault(() => signalPod(hung, 'SIGSTOP'))
    await sleep(8000)
  },
)

matrix.case(
  'deleted',
  'a Ledger pod deleted in the pause',
  unusable(/is gone|appeared|deleted|could not/),
  async (one) => {
    await one.begin('pause', '--duration', '6s')
    await one.allPaused()
    await one.fault(() => at.stage.kubectl(['delete', 'pod', one.pods[2]?.name ?? '', '--wait=false']))
  },
)

matrix.case('rollout', 'a rollout in the pause', unusable(/appeared|gone|changed|could not/), async (one) => {
  await one.begin('pause', '--duration', '6s')
  await one.allPaused()
  await one.fault(() => at.stage.kubectl(['rollout', 'restart', at.deployment]))
  await at.stage.rolledOut(at.deployment)
})

matrix.case('scale-up', 'a fourth Ledger pod in the pause', unusable(/appeared|changed/), async (one) => {
  await one.begin('pause', '--duration', '6s')
  await one.allPaused()
  await one.fault(() => at.stage.kubectl(['scale', at.deployment, '--replicas=4']))
  await at.stage.rolledOut(at.deployment)
})

matrix.case('scale-down', 'a Ledger pod less in the pause', unusable(/gone|changed|could not/), async (one) => {
  await one.begin('pause', '--duration', '6s')
  await one.allPaused()
  await one.fault(() => at.stage.kubectl(['scale', at.deployment, '--replicas=3']))
  await at.stage.rolledOut(at.deployment)
})

// The window ends with the first Unpause sent; how long that takes to be obeyed harms no backup.
matrix.case('unpause-fails', 'one pod refuses to unpause for 10 s', usable, async (one, t) => {
  await one.slowPause(6000)
  await one.begin('backup')
  await one.allPaused()
  await one.fault(() => at.setFaults(one.pods[1], { fail: { Unpause: { code: 'UNAVAILABLE', forMs: 10_000 } } }))
  await one.allServe()
  const openedMs = at.gates.at(one.pods[1]?.ip ?? '')?.closed.at(-1)?.until ?? 0
  t.ok(openedMs - (one.faultMs ?? 0) >= 9_000, 'it stayed paused for as long as it refused')
})

matrix.case(
  'never-drains',
  'a request in flight never ends',
  unusable(/requests in flight were not finished in time/),
  async (one) => {
    await one.fault(() => at.setFaults(one.pods[1], { neverDrain: true }))
    await one.begin('backup', '--max-pause-wait', '3s')
    await one.allPaused()
  },
)

matrix.case(
  'unpaused-by-another',
  'somebody else unpauses one pod in the pause',
  unusable(/unpaused by somebody else/),
  async (one) => {
    await at.setFaults(one.pods[1], { openAfterMs: 1000 })
    await one.begin('pause', '--duration', '3s')
    await one.fault(() => one.allPaused())
  },
)
