import t from 'tap'
import { neededBy } from '../../../../operation/outcome/backup-in-use.ts'
import { newRecord, type OperationRecord, type RestorePart } from '../../../../operation/record.ts'

const backup = { operation: 'backup-b', releases: ['my-ledger'] }
const database = { title: 'a database', kind: 'test', state: 'in-service' as const, details: {} }

function record(changes: Partial<OperationRecord>): OperationRecord {
  const { operation = 'restore-r', kind = 'restore' } = changes
  return {
    ...newRecord({
      operation,
      kind,
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T09:00:00Z',
      plugin: '0.1.0',
    }),
    state: 'succeeded',
    ...changes,
  }
}

function restored(changes: Partial<RestorePart>): RestorePart {
  return {
    backup: 'backup-b',
    databases: [{ ...database, previous: 'database before' }],
    serving: 'restored',
    wayBack: [],
    ...changes,
  }
}

t.test(
  'a backup is needed while something restores from it, and while what a restore kept can come back',
  async (t) => {
    const needed = [
      [record({ state: 'running', restore: restored({ serving: 'previous' }) }), /restore-r has not ended/],
      [record({ state: 'pending' }), /has not ended/],
      [record({ state: 'running', operation: 'undo-u', kind: 'undo' }), /undo-u has not ended/],
      [record({ state: 'running', operation: 'materialize-m', kind: 'materialize' }), /materialize-m has not ended/],
      [record({ state: 'failed', restore: restored({ serving: 'nothing' }) }), /half-way/],
      [record({ restore: restored({}) }), /kept the data/],
      [record({ restore: restored({ databases: [database, { ...database, previous: 'kept' }] }) }), /kept the data/],
    ] as const
    for (const [one, why] of needed)
      t.match(neededBy(backup, [record({ operation: 'backup-b', kind: 'backup' }), one]), {
        what: 'backup-b cannot be deleted',
        why,
      })
  },
)

t.test('a backup is not needed by what is over, of another backup, or of other releases', async (t) => {
  const others = [
    record({ restore: restored({ databases: [database] }) }),
    record({ restore: restored({ serving: 'previous' }) }),
    record({ state: 'running', restore: restored({ backup: 'backup-c' }) }),
    record({ state: 'failed', restore: restored({ backup: 'backup-c', serving: 'nothing' }) }),
    record({ state: 'pending', releases: ['other'] }),
    record({ state: 'running', operation: 'backup-n', kind: 'backup' }),
    record({ state: 'running', operation: 'delete-d', kind: 'delete' }),
  ]
  t.equal(neededBy(backup, others), undefined)
})
