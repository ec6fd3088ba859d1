import t from 'tap'
import { Failure } from '../../../../operation/failure.ts'
import { changeRecord, deleteParts, listRecords, readRecord } from '../../../../plugin/kubernetes/records.ts'
import { ObjectStore } from './object-store.ts'

t.test('every record is listed, however many pages they fill', async (t) => {
  const store = new ObjectStore()
  for (let index = 0; index < 450; index += 1) store.record({ operation: `backup-b${index}`, kind: 'backup' })
  store.record({ operation: 'pause-p', kind: 'pause' })
  const session = await store.session(t)
  t.equal((await listRecords(session)).length, 451)
  t.equal((await listRecords(session, 'backup')).length, 450)
})

t.test('a record of a newer version is listed as such, and refused when it is needed', async (t) => {
  const store = new ObjectStore()
  store.part('backup-new', 'backup', '{"version":2,"operation":"backup-new"}')
  store.part('backup-broken', 'backup', '{"version":1')
  store.record({ operation: 'backup-good', kind: 'backup' })
  const session = await store.session(t)
  const listed = await listRecords(session)
  const problems = new Map(listed.map((stored) => [stored.operation, stored.problem?.why]))
  t.match(problems.get('backup-new'), /version 2/)
  t.match(problems.get('backup-broken'), /not JSON/)
  t.equal(problems.get('backup-good'), undefined)
  await t.rejects(readRecord(session, 'backup-new'), Failure)
  t.equal(await readRecord(session, 'backup-nowhere'), undefined)
})

t.test('a change meets what the worker wrote in between', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'running' })
  const session = await store.session(t)
  let times = 0
  store.beforeWrite = () => {
    times += 1
    if (times === 1) store.record({ operation: 'backup-b', kind: 'backup', state: 'succeeded' })
  }
  const changed = await changeRecord(session, 'backup-b', (record) => (record.state === 'succeeded' ? undefined : { ...record, state: 'cancelled' }))
  t.equal(changed?.state, 'succeeded')
  t.equal((await readRecord(session, 'backup-b'))?.state, 'succeeded')
})

t.test('deleting what is half gone is no error', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup' })
  const session = await store.session(t)
  await deleteParts(session, 'backup-b')
  await deleteParts(session, 'backup-b')
  t.equal(store.objects.size, 0)
})
