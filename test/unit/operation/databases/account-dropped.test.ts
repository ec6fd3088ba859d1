import t from 'tap'
import { cosmos } from '../../../../operation/databases/cosmos.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'

const entryOf = (instanceId: string, kind = 'cosmos'): DatabaseBackup => ({
  title: 'cosmos://ledger.documents.azure.com',
  kind,
  storages: ['ledger/default'],
  tables: [],
  details: {
    id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/ledger',
    instanceId,
  },
})

t.test('an account is deleted by its own name, and every backup of that very account may end with it', async (t) => {
  const entry = entryOf('one')
  t.strictSame(cosmos.namesDropped?.(entry), ['ledger'])
  const ends = cosmos.endsWithServed?.(entry)
  t.equal(ends?.(entryOf('one')), true)
  t.equal(ends?.(entryOf('another')), false, 'one of the same name that was deleted before')
  t.equal(ends?.(entryOf('one', 'dynamodb')), false)
  t.strictSame(cosmos.namesDropped?.({ ...entry, details: {} }), [], 'damaged')
})
