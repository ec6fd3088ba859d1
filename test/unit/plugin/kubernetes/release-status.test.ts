import t from 'tap'
import { newRecord, type OperationRecord, type PauseWindowRecord } from '../../../../operation/record.ts'
import { pauseOf } from '../../../../plugin/kubernetes/release-status.ts'
import { storageIn } from '../../../../plugin/kubernetes/release-storage.ts'

const container = { name: 'ledger', env: [{ name: 'HELM_SCALAR_DB_STORAGE', value: 'jdbc' }, { name: 'FROM_SECRET', valueFrom: {} }] }

t.test('the storage is told as the properties name it', (t) => {
  t.equal(storageIn('scalar.db.storage=cosmos\n', container), 'cosmos')
  t.equal(storageIn('scalar.db.storage={{ default .Env.HELM_SCALAR_DB_STORAGE "" }}\n', container), 'jdbc', "as the charts' own template")
  t.equal(storageIn('scalar.db.storage=${env:HELM_SCALAR_DB_STORAGE}\n', container), 'jdbc')
  t.equal(storageIn('scalar.db.storage=${env:FROM_SECRET}\n', container), undefined, 'a hidden one is unknown, not guessed')
  t.equal(storageIn('scalar.db.contact_points=x\n', container), 'cassandra', "ScalarDB's default")
  const multi = 'scalar.db.storage=multi-storage\nscalar.db.multi_storage.storages.a.storage=jdbc\nscalar.db.multi_storage.storages.b.storage=dynamo\n'
  t.equal(storageIn(multi, container), 'multi-storage (jdbc, dynamo)')
  t.end()
})

function record(kind: OperationRecord['kind'], change: Partial<OperationRecord>): OperationRecord {
  return { ...newRecord({ operation: `${kind}-x`, kind, namespace: 'ns', releases: ['my-ledger'], createdAt: '2026-11-21T09:00:00Z', plugin: '0.1.0' }), ...change }
}
const open: PauseWindowRecord = { endpoints: [{ address: '10.0.0.7:50053' }], pauseSentAt: '2026-11-21T09:00:01Z', allPausedAt: '2026-11-21T09:00:02Z', verdict: 'open', reasons: [] }

t.test('a release is paused while a window of it is open, and after, until an unpause succeeded', (t) => {
  const pausing = record('pause', { state: 'running', windows: [open] })
  t.strictSame(pauseOf('my-ledger', [pausing]), { by: 'pause-x', since: '2026-11-21T09:00:02Z', lasting: false })
  t.equal(pauseOf('other', [pausing]), undefined)
  t.equal(pauseOf('my-ledger', [record('pause', { state: 'succeeded', windows: [{ ...open, verdict: 'valid' }] })]), undefined)
  const left = record('backup', { state: 'failed', finishedAt: '2026-11-21T09:01:00Z', stillPaused: ['10.0.0.7:50053'] })
  t.match(pauseOf('my-ledger', [left]), { lasting: true })
  t.equal(pauseOf('my-ledger', [left, record('unpause', { state: 'succeeded', finishedAt: '2026-11-21T09:02:00Z' })]), undefined)
  t.match(pauseOf('my-ledger', [left, record('unpause', { state: 'failed', finishedAt: '2026-11-21T09:02:00Z' })]), { lasting: true })
  t.end()
})
