import t from 'tap'
import { inServiceText } from '../../../../operation/outcome/in-service.ts'
import { newRecord, type OperationRecord, type RestorePart } from '../../../../operation/record.ts'

function restore(
  operation: string,
  finishedAt: string,
  serving: RestorePart['serving'],
  releases = ['my-ledger'],
): OperationRecord {
  const identity = { operation, kind: 'restore' as const, namespace: 'ns', releases, createdAt: '', plugin: '0.1.0' }
  return { ...newRecord(identity), finishedAt, restore: { backup: 'b', databases: [], serving, wayBack: [] } }
}

t.test('of several restores of a release one is in service', async (t) => {
  const [first, second] = [
    restore('restore-1', '2026-11-21T09:00:00Z', 'restored'),
    restore('restore-2', '2026-11-21T10:00:00Z', 'restored'),
  ]
  const other = restore('restore-3', '2026-11-21T11:00:00Z', 'restored', ['other'])
  const all = [second, first, other, restore('restore-4', '2026-11-21T12:00:00Z', 'previous')]
  t.equal(inServiceText(first, all), 'until restore-2')
  t.equal(inServiceText(second, all), 'in service')
  t.equal(inServiceText(other, all), 'in service')
})

t.test('once the later one is undone the earlier one is in service again', async (t) => {
  const first = restore('restore-1', '2026-11-21T09:00:00Z', 'restored')
  const undone = restore('restore-2', '2026-11-21T10:00:00Z', 'previous')
  t.equal(inServiceText(first, [first, undone]), 'in service')
  t.equal(inServiceText(undone, [first, undone]), 'previous')
})
