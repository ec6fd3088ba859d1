import t from 'tap'
import { newRecord, type OperationRecord } from '../../../../../operation/record.ts'
import { backupState } from '../../../../../plugin/kubernetes/records/backup-state.ts'
import { verdictLine } from '../../../../../plugin/presentation/verdict.ts'

function record(change: Partial<OperationRecord>): OperationRecord {
  return {
    ...newRecord({
      operation: 'backup-b',
      kind: 'backup',
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T09:00:00Z',
      plugin: '0.1.0',
    }),
    state: 'failed',
    exitCode: 1,
    ...change,
  }
}
const backup = { name: 'b', state: 'unusable' as const, databases: [] }
const window = { endpoints: [], pauseSentAt: '2026-11-21T09:00:01Z', verdict: 'void' as const, reasons: [] }

t.test('a backup that was refused before anything was touched is none, not an unusable one', async (t) => {
  t.equal(backupState(record({ backup })), 'not made')
  t.equal(backupState(record({})), 'not made')
})

t.test('one for which something was paused or fixed is what it came to', async (t) => {
  t.equal(backupState(record({ backup, windows: [window] })), 'unusable')
  t.equal(backupState(record({ backup: { ...backup, restorePoint: '2026-11-21T09:00:02Z' } })), 'unusable')
  t.equal(
    backupState(
      record({
        state: 'succeeded',
        exitCode: 0,
        backup: { ...backup, state: 'restorable', restorePoint: '2026-11-21T09:00:02Z' },
      }),
    ),
    'restorable',
  )
  t.equal(backupState(record({ state: 'running' })), 'running')
  t.equal(backupState(record({ state: 'cancelled' })), 'cancelled')
})

t.test('a point that a service keeps for a while has expired after that, unless it was materialized', async (t) => {
  const kept = {
    storages: ['ledger/default'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: [{ schema: 'scalar', name: 'asset' }],
    details: { restorableUntil: '2026-12-26T09:00:00Z' },
  }
  const of = (database: typeof kept & { serviceBackups?: number }) =>
    record({ state: 'succeeded', exitCode: 0, backup: { name: 'b', state: 'restorable', databases: [database] } })
  t.equal(backupState(of(kept), Date.parse('2026-12-26T08:00:00Z')), 'restorable')
  t.equal(backupState(of(kept), Date.parse('2026-12-26T10:00:00Z')), 'expired')
  t.equal(backupState(of({ ...kept, serviceBackups: 1 }), Date.parse('2026-12-26T10:00:00Z')), 'materialized')
})

t.test('snapshots that only the administrator puts back are called restorable by hand', async (t) => {
  const databases = [{ storages: ['default'], kind: 'cassandra', title: 'cassandra://ring', tables: [], details: {} }]
  const made = record({ state: 'succeeded', exitCode: 0, backup: { name: 'b', state: 'restorable', databases } })
  t.equal(backupState(made), 'by hand')
  t.match(verdictLine(made), /the backup is restorable by hand/)
})
