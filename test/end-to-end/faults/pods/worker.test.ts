import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { processesOf, signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { Matrix, unusable, usable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'
import { waysToEnd } from './ways-to-end.ts'

/** The end of the worker's pod before its pause, and in it. */
const at = await FaultStage.open('faults-worker')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

for (const { name, title, end } of waysToEnd) {
  matrix.case(`${name}-before`, `worker ${title} before its pause`, usable, async (one) => {
    await one.slowPreflight()
    await one.begin('backup')
    const worker = await one.haltedInPreflight()
    await one.fault(() => end(at.stage, worker))
    // A kubelet takes a moment to ask a pod to go, and the pause must not begin in it.
    await sleep(2000)
    if (processesOf(worker.uid).length > 0) signalPod(worker.uid, 'SIGCONT')
  })

  matrix.case(
    `${name}-paused`,
    `worker ${title} in its pause`,
    unusable(/worker was replaced|interrupted|SIGTERM/),
    async (one) => {
      await one.slowPause()
      await one.begin('backup')
      const worker = await one.worker()
      await one.allPaused()
      await one.fault(() => end(at.stage, worker))
    },
  )
}

matrix.case('retried', 'worker killed in its pause, with a retry, as by default', usable, async (one) => {
  one.retries = 1
  await one.slowPause()
  await one.begin('backup')
  const worker = await one.worker()
  await one.allPaused()
  await one.fault(() => waysToEnd[0]?.end(at.stage, worker))
  await at.setFaults(one.pods[0], {})
})

matrix.restores()
