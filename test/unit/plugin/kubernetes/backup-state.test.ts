import t from 'tap'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'
import { backupState } from '../../../../plugin/kubernetes/backup-state.ts'

function record(change: Partial<OperationRecord>): OperationRecord {
  return { ...newRecord({ operation: 'backup-b', kind: 'backup', namespace: 'ns', releases: ['my-ledger'], createdAt: '2026-11-21T09:00:00Z', plugin: '0.1.0' }), state: 'failed', exitCode: 1, ...change }
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
  t.equal(backupState(record({ state: 'succeeded', exitCode: 0, backup: { ...backup, state: 'restorable', restorePoint: '2026-11-21T09:00:02Z' } })), 'restorable')
  t.equal(backupState(record({ state: 'running' })), 'running')
  t.equal(backupState(record({ state: 'cancelled' })), 'cancelled')
})
