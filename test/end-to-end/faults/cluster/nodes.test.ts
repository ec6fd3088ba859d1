import t from 'tap'
import { Matrix, unusable, usable, type Case } from '../fault-case.ts'
import { clusterName } from '../../stage/ground.ts'
import { FaultStage } from '../fault-stage.ts'

/** The node of the worker, lost with its power or its network. */
const at = await FaultStage.open('faults-nodes')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)
const lost = 2

/**
 * Says that the lost node will not be back soon, as administrators and clouds do; only then are its pods replaced
 * elsewhere (kubernetes.io, "Non-graceful node shutdown handling").
 */
const outOfService = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute'
async function giveUpNode(): Promise<void> {
  await at.givePlace(1)
  await at.stage.kubectl(['taint', 'node', `${clusterName}-${lost}`, outOfService])
}

/** The node is back as it was, with the place for workers. */
async function nodeBack(): Promise<void> {
  await at.cluster.startNode(lost)
  await at.stage.kubectl(['taint', 'node', `${clusterName}-${lost}`, `${outOfService}-`]).catch(() => undefined)
  await at.givePlace(lost)
  await at.takePlace(1)
}

/** The operation ends on the node that is left. */
async function endsWithoutNode(one: Case): Promise<void> {
  await giveUpNode()
  await at.stage.scalardl(['wait', one.operation, '--timeout', '120s'])
}

matrix.case('power-before', "the worker's node without power before the pause", usable, async (one) => {
  await one.slowPreflight()
  await one.begin('backup')
  await one.haltedInPreflight()
  one.afterwards(nodeBack)
  await one.fault(() => at.cluster.stopNode(lost))
  await endsWithoutNode(one)
})

matrix.case(
  'power-paused',
  "the worker's node without power in the pause",
  unusable(/worker was replaced/),
  async (one) => {
    await one.slowPause()
    await one.begin('backup')
    await one.allPaused()
    one.afterwards(nodeBack)
    await one.fault(() => at.cluster.stopNode(lost))
    await one.allServe()
    await endsWithoutNode(one)
  },
)

matrix.case(
  'network-paused',
  "the network of the worker's node cut in the pause",
  unusable(/guard|worker was replaced|Lease|could not/),
  async (one) => {
    await one.begin('pause', '--duration', '20s')
    await one.allPaused()
    one.afterwards(() => at.cluster.mendNode(lost))
    await one.fault(() => at.cluster.cutNode(lost))
    await one.allServe()
  },
)

/** Nobody is left to unpause before the node, or the Job's next pod on another, is there. */
const onceBack = { ...unusable(/worker was replaced/), withinMs: 90_000 }

matrix.case(
  'both-on-it',
  'worker and guard on the node that loses its power in the pause',
  onceBack,
  async (one, t) => {
    await one.slowPause()
    // a worker's place is on that node; this brings the guard there as well
    await one.begin('backup', '--guard-node-selector', `kubernetes.io/hostname=${clusterName}-${lost}`)
    const guard = await one.guard()
    t.equal(guard.node, `${clusterName}-${lost}`)
    await one.allPaused()
    one.afterwards(nodeBack)
    await one.fault(() => at.cluster.stopNode(lost))
  },
)

matrix.restores()
