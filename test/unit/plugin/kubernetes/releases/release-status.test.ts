import t from 'tap'
import { newRecord, type OperationRecord, type PauseWindowRecord } from '../../../../../operation/record.ts'
import { zoneOf } from '../../../../../plugin/kubernetes/releases/cluster-domain.ts'
import { pauseNow, pauseOf } from '../../../../../plugin/kubernetes/releases/release-status.ts'
import { storageIn } from '../../../../../plugin/kubernetes/releases/release-storage.ts'

const container = {
  name: 'ledger',
  env: [
    { name: 'HELM_SCALAR_DB_STORAGE', value: 'jdbc' },
    { name: 'FROM_SECRET', valueFrom: {} },
  ],
}

t.test('the storage is told as the properties name it', (t) => {
  t.equal(storageIn('scalar.db.storage=cosmos\n', container), 'cosmos')
  t.equal(
    storageIn('scalar.db.storage={{ default .Env.HELM_SCALAR_DB_STORAGE "" }}\n', container),
    'jdbc',
    "as the charts' own template",
  )
  t.equal(storageIn('scalar.db.storage=${env:HELM_SCALAR_DB_STORAGE}\n', container), 'jdbc')
  t.equal(
    storageIn('scalar.db.storage=${env:FROM_SECRET}\n', container),
    undefined,
    'a hidden one is unknown, not guessed',
  )
  t.equal(storageIn('scalar.db.contact_points=x\n', container), 'cassandra', "ScalarDB's default")
  const multi =
    'scalar.db.storage=multi-storage\nscalar.db.multi_storage.storages.a.storage=jdbc\n' +
    'scalar.db.multi_storage.storages.b.storage=dynamo\n'
  t.equal(storageIn(multi, container), 'multi-storage (jdbc, dynamo)')
  t.end()
})

function record(kind: OperationRecord['kind'], change: Partial<OperationRecord>): OperationRecord {
  return {
    ...newRecord({
      operation: `${kind}-x`,
      kind,
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T09:00:00Z',
      plugin: '0.1.0',
    }),
    ...change,
  }
}
const open: PauseWindowRecord = {
  endpoints: [{ address: '10.0.0.7:50053' }],
  pauseSentAt: '2026-11-21T09:00:01Z',
  allPausedAt: '2026-11-21T09:00:02Z',
  verdict: 'open',
  reasons: [],
}

t.test('a release is paused while a window of it is open, and after, until an unpause succeeded', (t) => {
  const pausing = record('pause', { state: 'running', windows: [open] })
  t.strictSame(pauseOf('my-ledger', [pausing]), { by: 'pause-x', since: '2026-11-21T09:00:02Z', lasting: false })
  t.equal(pauseOf('other', [pausing]), undefined)
  t.equal(
    pauseOf('my-ledger', [record('pause', { state: 'succeeded', windows: [{ ...open, verdict: 'valid' }] })]),
    undefined,
  )
  const left = record('backup', {
    state: 'failed',
    finishedAt: '2026-11-21T09:01:00Z',
    stillPaused: ['10.0.0.7:50053'],
  })
  t.match(pauseOf('my-ledger', [left]), { lasting: true })
  t.equal(
    pauseOf('my-ledger', [left, record('unpause', { state: 'succeeded', finishedAt: '2026-11-21T09:02:00Z' })]),
    undefined,
  )
  t.match(pauseOf('my-ledger', [left, record('unpause', { state: 'failed', finishedAt: '2026-11-21T09:02:00Z' })]), {
    lasting: true,
  })
  t.end()
})

t.test('what the servers say goes before what the records remember', (t) => {
  const left = { by: 'pause-x', since: '2026-11-21T09:00:02Z', lasting: true }
  const held = { ...left, lasting: false }
  t.strictSame(
    pauseNow(undefined, { paused: ['a'], complete: true }),
    { lasting: false, pods: ['a'] },
    'somebody else paused',
  )
  t.strictSame(pauseNow(left, { paused: ['a'], complete: false }), { ...left, pods: ['a'] })
  t.equal(pauseNow(left, { paused: [], complete: true }), undefined, 'the pods were replaced since')
  t.equal(pauseNow(left, { paused: [], complete: false }), left, 'who does not answer may be paused')
  t.equal(pauseNow(held, { paused: [], complete: true }), held)
  t.equal(pauseNow(undefined, { paused: [], complete: true }), undefined)
  t.end()
})

t.test("the cluster's domain is the zone of its CoreDNS", (t) => {
  t.equal(
    zoneOf('.:53 {\n    errors\n    kubernetes my.cluster in-addr.arpa ip6.arpa {\n      pods insecure\n    }\n}\n'),
    'my.cluster',
  )
  t.equal(zoneOf('.:53 {\n    kubernetes in-addr.arpa cluster.local\n}\n'), 'cluster.local')
  t.equal(zoneOf('.:53 {\n    forward . 8.8.8.8\n}\n'), undefined)
  t.end()
})
