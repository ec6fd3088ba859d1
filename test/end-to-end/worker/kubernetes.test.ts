import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { kubernetesCluster } from '../../../job/kubernetes/kubernetes-cluster.ts'
import { harmOf } from '../../../job/pause/proof/diff-state.ts'
import { configMapName } from '../../../operation/names.ts'
import { newRecord } from '../../../operation/record.ts'
import { until } from '../stage/gates.ts'
import { failureOf } from '../../unit/job/failure-of.ts'
import { clusterConformance } from '../../unit/job/kubernetes/cluster-conformance.ts'
import { startLedger } from '../../unit/job/servers/ledgers.ts'
import { addPod, deployLedger, setStatus, workerNamespace } from './namespace.ts'

const at = await workerNamespace('worker-kubernetes')
const { stage, api, namespace } = at
const ledger = await startLedger()
const cluster = kubernetesCluster(api, namespace)
const never = new AbortController().signal
t.teardown(async () => {
  ledger.stop()
  await at.close()
})

t.test('the Role that `install` makes is enough', async (t) => {
  t.strictSame(await cluster.missingRights([]), [])
})

t.test('the suite that the cluster in memory passes', (t) =>
  clusterConformance(t, { one: cluster, other: kubernetesCluster(api, namespace) }),
)

t.test('a release is found by its labels, with the admin port that its Service names', async (t) => {
  await deployLedger(stage, 'my-ledger', ledger)
  const { pods, workloads } = await cluster.releaseState(['my-ledger'])
  t.match(pods, [
    {
      name: 'my-ledger-0',
      ready: true,
      restarts: 0,
      release: 'my-ledger',
      app: 'ledger',
      adminPort: ledger.pod.adminPort,
    },
  ])
  t.match(workloads['Deployment/my-ledger-ledger'], { kind: 'Deployment', generation: 1, replicas: 0 })
  t.same(await cluster.releaseState(['other']), { pods: [], workloads: {} })
  t.match(await cluster.scalarPods(), [{ name: 'my-ledger-0' }])
  t.match(await cluster.workloads(['my-ledger']), [{ name: 'my-ledger-ledger', release: 'my-ledger', replicas: 0 }])
})

t.test('the watch tells what matters to a pause, and nothing of what was there before', async (t) => {
  const seen: string[] = []
  const stop = new AbortController()
  await cluster.watchReleases(
    ['my-ledger'],
    (change) => seen.push(...[harmOf(change)].filter((harm) => harm !== undefined)),
    stop.signal,
  )
  await sleep(300)
  t.strictSame(seen, [])
  const told = async (pattern: RegExp) => {
    await until(`it is told ${pattern.source}`, async () => seen.some((what) => pattern.test(what)))
    t.match(seen.join('\n'), pattern)
  }
  await stage.kubectl(['annotate', 'pod', 'my-ledger-0', 'of-no=interest'])
  await setStatus(stage, 'my-ledger-0', 1)
  await told(/pod my-ledger-0 was restarted/)
  t.equal(seen.length, 1, 'an annotation is nothing')
  await addPod(stage, 'my-ledger', 'my-ledger-1')
  await told(/pod my-ledger-1 appeared/)
  await stage.kubectl(['delete', 'pod', 'my-ledger-1', '--grace-period=0', '--force'])
  await told(/pod my-ledger-1 vanished/)
  await stage.kubectl(['set', 'env', 'deployment/my-ledger-ledger', 'A=b'])
  await told(/Deployment my-ledger-ledger changed \(generation 1.*generation 2/)
  stop.abort()
})

t.test('scaling, and waiting for what comes of it', async (t) => {
  await cluster.scale('my-ledger-ledger', 1)
  t.match(await cluster.workloads(['my-ledger']), [{ replicas: 1 }])
  await until('it has a pod', async () =>
    (await stage.pods('app.kubernetes.io/instance=my-ledger')).some((pod) => pod.startsWith('my-ledger-ledger-')),
  )
  const failure = await failureOf(cluster.waitForReady(['my-ledger-ledger'], 2500, never))
  t.match(failure.what, /did not become ready within/)
  t.match(failure.why, /pod my-ledger-ledger-.*: /)
  await cluster.scale('my-ledger-ledger', 0)
  await cluster.waitForReady(['my-ledger-ledger'], 120_000, never)
  const stays = await failureOf(cluster.waitForNoPods(['my-ledger'], 2500, never))
  t.match(stays.why, /pod my-ledger-0/)
  await stage.kubectl(['delete', 'pod', 'my-ledger-0', '--grace-period=0', '--force'])
  await cluster.waitForNoPods(['my-ledger'], 120_000, never)
})

t.test('a Lease keeps a second operation off, is shared within one, and goes when both are done', async (t) => {
  const first = await cluster.takeLeases(['b', 'a'], 'backup-one')
  const again = await cluster.takeLeases(['a'], 'backup-one')
  const other = kubernetesCluster(api, namespace)
  const failure = await failureOf(other.takeLeases(['c', 'b'], 'restore-two'))
  t.match(failure, { what: /b is in use/, why: /backup-one has it since/, next: /cancel backup-one/ })
  const leases = async () => (await stage.kubectl(['get', 'leases', '-o', 'name'])).trim().split('\n')
  t.strictSame(
    await leases(),
    ['lease.coordination.k8s.io/scalardl-a', 'lease.coordination.k8s.io/scalardl-b'],
    'all or none: c was let go',
  )
  t.same(await other.leasesOfOthers(['a', 'c'], 'restore-two'), new Map([['a', 'backup-one']]))
  await first.release()
  t.strictSame(await leases(), ['lease.coordination.k8s.io/scalardl-a'])
  t.equal(again.lost.aborted, false)
  await again.release()
  t.strictSame(await leases(), [''])
})

t.test('a Lease of a dead operation may be taken, that of a live one may not', async (t) => {
  const held = await cluster.takeLeases(['d'], 'backup-one')
  const renewTime = async () =>
    (await stage.get<{ spec: { renewTime: string } }>(['lease', 'scalardl-d'])).spec.renewTime
  const before = await renewTime()
  await until('it is renewed', async () => (await renewTime()) !== before)
  await held.release()
  const spec = { holderIdentity: 'backup-dead/x', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' }
  await stage.apply([{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'scalardl-d' }, spec }])
  const taken = await cluster.takeLeases(['d'], 'backup-two')
  t.match(await stage.kubectl(['get', 'lease', 'scalardl-d', '-o', 'jsonpath={.spec.holderIdentity}']), /^backup-two\//)
  await stage.kubectl([
    'patch',
    'lease',
    'scalardl-d',
    '--type=merge',
    '-p',
    '{"spec":{"holderIdentity":"restore-thief/y"}}',
  ])
  await until('its loss is noticed', async () => taken.lost.aborted)
  t.match(taken.lost.reason, { why: 'restore-thief took its Lease' })
  await taken.release()
  t.match(
    await stage.kubectl(['get', 'lease', 'scalardl-d', '-o', 'jsonpath={.spec.holderIdentity}']),
    'restore-thief/y',
    "another's is not removed",
  )
})

t.test('another worker of the same operation takes its Lease over at once', async (t) => {
  const former = await cluster.takeLeases(['e'], 'backup-one')
  const next = await kubernetesCluster(api, namespace).takeLeases(['e'], 'backup-one')
  await until('the former one has noticed', async () => former.lost.aborted)
  t.ok(former.lost.aborted)
  t.notOk(next.lost.aborted)
  await next.release()
})

t.test('records and journals live in labelled ConfigMaps', async (t) => {
  const record = newRecord({
    operation: 'backup-x',
    kind: 'backup',
    namespace,
    releases: ['my-ledger'],
    createdAt: '2026-11-21T00:00:00Z',
    plugin: '1',
  })
  t.equal(await cluster.findRecord('backup-x'), undefined)
  t.match(await failureOf(cluster.readRecord('backup-x')), { what: 'there is no backup-x' })
  await cluster.writeRecord(record)
  await stage.kubectl(['label', 'configmap', configMapName('backup-x', 'record'), 'kept=yes'])
  await cluster.writeRecord({ ...record, state: 'running' })
  t.match(await cluster.readRecord('backup-x'), { state: 'running' })
  t.match(await cluster.records(() => true), [{ operation: 'backup-x', state: 'running' }])
  const { metadata } = await stage.get<{ metadata: object }>(['configmap', configMapName('backup-x', 'record')])
  t.match(metadata, {
    labels: {
      'kubectl-scalardl.dev/operation': 'backup-x',
      'kubectl-scalardl.dev/kind': 'backup',
      'kubectl-scalardl.dev/part': 'record',
      kept: 'yes',
    },
    annotations: { 'kubectl-scalardl.dev/releases': 'my-ledger' },
  })
  const long = { ...record, stillPaused: Array.from({ length: 60_000 }, (_, index) => `address-number-${index}`) }
  t.match(await failureOf(cluster.writeRecord(long)), { what: /would be too large/ })
  await cluster.deleteRecord('backup-x')
  await cluster.deleteRecord('backup-x')
  t.equal(await cluster.findRecord('backup-x'), undefined)
})

t.test('a Job that is suspended or gone is a cancelled operation', async (t) => {
  t.equal(await cluster.cancelled('backup-z'), true)
  const spec = {
    suspend: true,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'worker', image: 'worker' }] } },
  }
  await stage.apply([{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'scalardl-backup-z' }, spec }])
  t.equal(await cluster.cancelled('backup-z'), true)
})

t.test('without rights every call names the one that is missing, and the cure', async (t) => {
  await stage.kubectl(['delete', 'rolebinding', 'kubectl-scalardl'])
  const missing = await cluster.missingRights(['my-ledger'])
  t.ok(
    missing.includes('watch pods') &&
      missing.includes('patch deployments/scale') &&
      missing.includes('list configmaps'),
  )
  const failure = await failureOf(cluster.releaseState(['my-ledger']))
  t.match(failure, { what: /may not list/, why: /cannot list resource/, next: /kubectl scalardl install/ })
  t.match(await failureOf(cluster.takeLeases(['f'], 'backup-one')), { what: /may not get the lease/ })
})
