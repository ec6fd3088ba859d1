import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newRecord, type OperationRecord } from '../../../../../operation/record.ts'
import { importRecord } from '../../../../../plugin/commands/import/import-file.ts'
import { readExported } from '../../../../../plugin/commands/import/read-source.ts'
import { readRecord } from '../../../../../plugin/kubernetes/records/records.ts'
import { ObjectStore } from '../../kubernetes/object-store.ts'

const record: OperationRecord = {
  ...newRecord({
    operation: 'backup-b',
    kind: 'backup',
    namespace: 'elsewhere',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T09:00:00Z',
    plugin: '0.1.0',
  }),
  state: 'succeeded',
  backup: { name: 'b', state: 'restorable', databases: [] },
}

const file = join(t.testdir(), 'record.json')

async function refusal(change: Record<string, unknown>): Promise<unknown> {
  writeFileSync(file, JSON.stringify({ ...record, ...change }))
  return readExported(file).then(
    () => 'accepted',
    (error: unknown) => (error as { why: string }).why,
  )
}

t.test('only the record of a finished backup is taken', async (t) => {
  t.equal(await refusal({}), 'accepted')
  t.match(await refusal({ version: 2 }), /version 2/)
  t.match(await refusal({ kind: 'pause' }), /record of a pause/)
  t.match(await refusal({ state: 'running' }), /had not ended/)
  t.match(await refusal({ operation: 'backup-other' }), /not that of a backup named b/)
  t.match(await refusal({ releases: 'x' }), /releases/)
  await t.rejects(readExported('/nowhere/record.json'), { message: /cannot be read/ })
})

t.test('importing twice changes nothing, and another record of that name stays', async (t) => {
  const store = new ObjectStore()
  const session = await store.session(t)
  t.equal(await importRecord(session, record, 'client'), 'imported')
  t.equal(store.objects.size, 0, 'a dry run writes nothing')
  t.equal(await importRecord(session, record, 'none'), 'imported')
  t.equal((await readRecord(session, 'backup-b'))?.namespace, 'ns', 'it belongs to the namespace where it is')
  t.equal(await importRecord(session, record, 'none'), 'unchanged')
  const other = await importRecord(session, { ...record, state: 'failed' }, 'none').catch((error: unknown) => error)
  t.match(other, { what: /not imported/, why: /differs in state/ })
  t.equal((await readRecord(session, 'backup-b'))?.state, 'succeeded')
})
