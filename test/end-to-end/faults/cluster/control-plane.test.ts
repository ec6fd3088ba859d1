import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { signalPod } from '../../../local-kubernetes/pod-processes.ts'
import { either, Matrix, unusable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** The API server and the cluster's DNS, away or slow. */
const at = await FaultStage.open('faults-plane')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** Starts the API server, and anew what would otherwise wait a while before it asks again. */
async function apiServerBack(): Promise<void> {
  for (const component of ['kube-controller-manager', 'kube-scheduler']) await at.cluster.stopComponent(component)
  await at.cluster.startNode(1)
}

matrix.case(
  'api-server-down',
  'the API server down from the pause until after it',
  either(/API server|could not be compared|Lease|watch of .* interrupted/),
  async (one) => {
    await one.begin('pause', '--duration', '8s')
    await one.allPaused()
    one.afterwards(apiServerBack)
    await one.fault(() => at.cluster.stopComponent('kube-apiserver'))
    await one.allServe()
  },
)

matrix.case(
  'api-server-and-worker',
  'the API server down, and the worker killed',
  unusable(/worker was replaced/),
  async (one) => {
    await one.begin('pause', '--duration', '20s')
    const worker = await one.worker()
    await one.allPaused()
    one.afterwards(apiServerBack)
    await one.fault(async () => {
      await at.cluster.stopComponent('kube-apiserver')
      signalPod(worker.uid, 'SIGKILL')
    })
    await one.allServe()
  },
)

matrix.case(
  'api-server-slow',
  'an API server that answers in one second of four',
  either(/Lease|API server/),
  async (one) => {
    const slow = new AbortController()
    one.willBegin('backup')
    const pulses = (async () => {
      while (!slow.signal.aborted) {
        at.cluster.signalComponent('kube-apiserver', 'SIGSTOP')
        await sleep(3000)
        at.cluster.signalComponent('kube-apiserver', 'SIGCONT')
        await sleep(1000)
      }
    })()
    one.afterwards(() => {
      slow.abort()
      return pulses
    })
    await one.fault(() => at.stage.scalardl(one.command('backup')))
  },
)

/** What Node and PostgreSQL's programs say of a name that cannot be looked up, at once or after a while. */
const noName = /does not resolve|cannot be looked up|translate host name|ENOTFOUND|EAI_AGAIN/

matrix.case('dns-gone', "the cluster's DNS gone before the pause", either(noName), async (one) => {
  await one.slowPreflight()
  await one.begin('backup')
  const worker = await one.haltedInPreflight()
  one.afterwards(() => at.cluster.startNode(1))
  await one.fault(() => at.cluster.stopComponent('coredns'))
  signalPod(worker.uid, 'SIGCONT')
  await at.stage.scalardl(['wait', one.operation, '--timeout', '90s'])
})

matrix.case('dns-gone-paused', "the cluster's DNS gone in the pause", either(noName), async (one) => {
  await one.slowPause(4000)
  await one.begin('backup')
  await one.allPaused()
  one.afterwards(() => at.cluster.startNode(1))
  await one.fault(() => at.cluster.stopComponent('coredns'))
  await at.stage.scalardl(['wait', one.operation, '--timeout', '90s'])
})

matrix.case(
  'etcd-down',
  'the store of the API server down in the pause',
  either(/API server|could not be compared|Lease|watch of .* interrupted/),
  async (one) => {
    await one.begin('pause', '--duration', '6s')
    await one.allPaused()
    one.afterwards(() => at.cluster.signalComponent('etcd', 'SIGCONT'))
    await one.fault(() => at.cluster.signalComponent('etcd', 'SIGSTOP'))
    await one.allServe()
  },
)

matrix.restores()
