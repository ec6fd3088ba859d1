import t from 'tap'
import { deleteBackup } from '../../../../job/operations/delete.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'
import type { RequestOf } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'

const { durationMs: _, pause: __, ...common } = pauseRequest()
const request: RequestOf<'delete'> = { ...common, kind: 'delete', operation: 'delete-test', backup: 'backup-b' }
const recordOf = (operation: string, kind: 'backup' | 'restore'): OperationRecord =>
  newRecord({
    operation,
    kind,
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T00:00:00.000Z',
    plugin: '0.1.0',
  })
const backup: OperationRecord = {
  ...recordOf('backup-b', 'backup'),
  state: 'succeeded',
  backup: { name: 'b', state: 'restorable', databases: [] },
}
const restore: OperationRecord = {
  ...recordOf('restore-r', 'restore'),
  state: 'running',
  restore: { backup: 'backup-b', databases: [], serving: 'previous', wayBack: [] },
}

t.test('a backup that something has begun to restore since its deletion was agreed to stays', async (t) => {
  const cluster = inMemoryCluster([])
  for (const record of [backup, restore]) await cluster.writeRecord(record)
  const { context, events } = await contextOf(request, cluster)
  t.match(await failureOf(deleteBackup(context)), {
    what: 'backup-b cannot be deleted',
    why: 'restore-r has not ended',
    next: /cancel restore-r/,
  })
  t.notOk(
    events.some(({ code }) => code === 'phase'),
    'nothing was removed',
  )

  cluster.job = { phase: 'failed' }
  await deleteBackup(context)
  t.pass('a restore whose worker was killed for good, with nothing switched, needs it no more')
})
