import t from 'tap'
import { instanceLabel } from '../../../../operation/product.ts'
import { clusterName } from '../../stage/ground.ts'
import { Matrix, unusable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** The node of a Ledger pod, lost while the worker lives: Ledger pods on both nodes, workers on the first. */
const lost = 2
const node = `${clusterName}-${lost}`
const at = await FaultStage.open('faults-home', {
  releases: [
    {
      more: {
        pod: {
          terminationGracePeriodSeconds: 10,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'DoNotSchedule',
              // or what comes in place of the lost pods would wait for that node
              nodeTaintsPolicy: 'Honor',
              labelSelector: { matchLabels: { [instanceLabel]: 'my' } },
            },
          ],
        },
      },
    },
  ],
})
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)
await at.givePlace(1)
await at.takePlace(lost)
t.teardown(async () => {
  await at.givePlace(lost)
  await at.takePlace(1)
})

/** Says that the lost node will not be back soon (kubernetes.io, "Non-graceful node shutdown handling"). */
const outOfService = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute'

matrix.case(
  'power-paused',
  'the node of a Ledger pod, and of the guard, without power in the pause',
  unusable(/could not say|vanished|is being deleted|appeared/),
  async (one, t) => {
    t.ok(
      one.pods.some((pod) => pod.node === node),
      'a Ledger pod is there',
    )
    await one.begin('pause', '--duration', '6s')
    const [worker, guard] = await Promise.all([one.worker(), one.guard()])
    t.not(worker.node, node)
    t.equal(guard.node, node)
    await one.allPaused()
    one.afterwards(async () => {
      await at.cluster.startNode(lost)
      await at.stage.kubectl(['taint', 'node', node, `${outOfService}-`]).catch(() => undefined)
    })
    await one.fault(() => at.cluster.stopNode(lost))
    await at.untilGates(
      'open',
      one.pods.filter((pod) => pod.node !== node),
    )
    await at.stage.kubectl(['taint', 'node', node, outOfService])
    await at.stage.scalardl(['wait', one.operation, '--timeout', '150s'])
    await at.stage.rolledOut(at.deployment)
  },
)
