import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { inSituation, Matrix, unusable, usable, type BySituation } from '../fault-case.ts'
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

/** What a worker watches in its pause. */
const namespaced = `namespaces/${at.stage.namespace}`
const watched = [
  `/api/v1/${namespaced}/pods`,
  `/apis/apps/v1/${namespaced}/deployments`,
  `/apis/apps/v1/${namespaced}/replicasets`,
  `/apis/discovery.k8s.io/v1/${namespaced}/endpointslices`,
]

/** The version that the API server was at, at least as new as any that the worker has seen. */
let lastVersion = ''
async function noteVersion(): Promise<void> {
  // Raw, since the list that kubectl makes of an answer has no version.
  const pods = await at.stage.kubectl(['get', '--raw', `/api/v1/${namespaced}/pods`])
  lastVersion = (JSON.parse(pods) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
}

/**
 * Whether the API server still knows what happened since that version is asked of it, as the worker asks by its watch.
 * Where it does not (410 Gone), nobody can say what happened to the pods meanwhile.
 */
const byWhatItForgot: BySituation = async () => {
  const answers = await Promise.all(
    watched.map((path) =>
      at.stage
        .kubectl(['get', '--raw', `${path}?watch=1&timeoutSeconds=1&resourceVersion=${lastVersion}`])
        .catch((error: unknown) => String(error)),
    ),
  )
  return answers.some((answer) => /"code":410|too old resource version/.test(answer))
    ? inSituation('the API server forgot what happened', unusable(/watch of .* interrupted/))
    : inSituation('the API server forgot nothing', usable)
}

matrix.case('api-server-down', 'the API server down from the pause until after it', byWhatItForgot, async (one) => {
  await one.begin('pause', '--duration', '8s')
  await one.allPaused()
  await noteVersion()
  // so that the one that starts again begins at a later version
  await at.stage.kubectl(['create', 'configmap', 'later'])
  one.afterwards(apiServerBack)
  await one.fault(() => at.cluster.stopComponent('kube-apiserver'))
  await one.allServe()
})

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
  (one) =>
    one.pauses() === 0
      ? inSituation('it never paused', unusable(/Lease|API server|guard/))
      : inSituation('it paused', usable),
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

matrix.case('dns-gone', "the cluster's DNS gone before the pause", unusable(noName), async (one) => {
  await one.slowPreflight()
  await one.begin('backup')
  const worker = await one.haltedInPreflight()
  one.afterwards(() => at.cluster.startNode(1))
  await one.fault(() => at.cluster.stopComponent('coredns'))
  signalPod(worker.uid, 'SIGCONT')
  await at.stage.scalardl(['wait', one.operation, '--timeout', '90s'])
})

matrix.case('dns-gone-paused', "the cluster's DNS gone in the pause", unusable(noName), async (one) => {
  await one.slowPause(4000)
  await one.begin('backup')
  await one.allPaused()
  one.afterwards(() => at.cluster.startNode(1))
  await one.fault(() => at.cluster.stopComponent('coredns'))
  await at.stage.scalardl(['wait', one.operation, '--timeout', '90s'])
})

matrix.case('etcd-down', 'the store of the API server down in the pause', byWhatItForgot, async (one) => {
  await one.begin('pause', '--duration', '6s')
  await one.allPaused()
  await noteVersion()
  one.afterwards(() => at.cluster.signalComponent('etcd', 'SIGCONT'))
  await one.fault(() => at.cluster.signalComponent('etcd', 'SIGSTOP'))
  await one.allServe()
})

matrix.restores()
