import t from 'tap'
import { azureMysql, azurePostgresql } from '../../../../operation/databases/azure-flexible.ts'

const id = '/subscriptions/s/resourceGroups/ledgers/providers/Microsoft.DBforPostgreSQL/flexibleServers/ledger-2'
const createdAt = '2026-11-20T09:30:00.000Z'
const entryOf = (kind: string, details: Record<string, string>) => ({
  storages: ['ledger/default'],
  kind,
  title: 'ledger',
  tables: [],
  details,
})

t.test('the points of a restored server end with the undo that removes it, in whatever case Azure told its id', (t) => {
  for (const { name, endsWithUndo } of [azurePostgresql, azureMysql]) {
    const restored = { details: { id, createdAt } }
    const former = entryOf(name, { id: id.replace('ledger-2', 'ledger'), createdAt })
    const ends = endsWithUndo?.(former, restored, true)
    t.equal(ends?.(entryOf(name, { id, createdAt })), true)
    t.equal(
      ends?.(entryOf(name, { id: id.replace('resourceGroups/ledgers', 'resourcegroups/LEDGERS'), createdAt })),
      true,
    )
    t.equal(ends?.(former), false)
    t.equal(ends?.(entryOf(name, { id, createdAt: '2026-11-21T09:30:00.000Z' })), false, 'another of its name')
    t.equal(endsWithUndo?.(former, restored, false), undefined, 'in service, it stays')
  }
  t.end()
})
