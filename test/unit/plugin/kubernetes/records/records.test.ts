import t from 'tap'
import { Failure } from '../../../../../operation/failure.ts'
import {
  changeRecord,
  deleteParts,
  eachRecord,
  knownOperations,
  readRecord,
  writeRecord,
} from '../../../../../plugin/kubernetes/records/records.ts'
import { ObjectStore } from '../object-store.ts'

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

t.test('every record is listed, however many pages they fill', async (t) => {
  const store = new ObjectStore()
  for (let index = 0; index < 450; index += 1) store.record({ operation: `backup-b${index}`, kind: 'backup' })
  store.record({ operation: 'pause-p', kind: 'pause' })
  const session = await store.session(t)
  t.equal((await listed(eachRecord(session, {}))).length, 451)
  t.equal((await listed(eachRecord(session, { kind: 'backup' }))).length, 450)
})

t.test('a namespace without records has no operations', async (t) => {
  const store = new ObjectStore()
  const session = await store.session(t)
  t.strictSame(await knownOperations(session), [])
  store.record({ operation: 'pause-p', kind: 'pause' })
  t.strictSame(
    (await knownOperations(session)).map(({ operation }) => operation),
    ['pause-p'],
  )
})

t.test('a record of a newer version is listed as such, and refused when it is needed', async (t) => {
  const store = new ObjectStore()
  store.part('backup-new', 'backup', '{"version":2,"operation":"backup-new"}')
  store.part('backup-broken', 'backup', '{"version":1')
  store.record({ operation: 'backup-good', kind: 'backup' })
  const session = await store.session(t)
  const found = await listed(eachRecord(session, {}))
  const problems = new Map(found.map((stored) => [stored.operation, stored.problem?.why]))
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
  const changed = await changeRecord(session, 'backup-b', (record) =>
    record.state === 'succeeded' ? undefined : { ...record, state: 'cancelled' },
  )
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

t.test(
  'what the guard reported is part of the record, kept under its own key, ' +
    "and survives the record's change and its export",
  async (t) => {
    const store = new ObjectStore()
    store.record({ operation: 'pause-p', kind: 'pause', state: 'running' })
    const guard = {
      pod: 'guard-pause-p-x',
      node: 'b',
      interventions: [
        {
          at: '2026-11-21T09:00:05Z',
          pause: 1,
          why: 'the worker is gone',
          unpaused: ['10.0.0.7:50053'],
          stillPaused: [],
        },
      ],
    }
    const name = 'configmaps/scalardl-pause-p.record'
    const stored = store.objects.get(name)
    store.objects.set(name, {
      ...stored,
      data: { ...(stored?.['data'] as object), 'guard.json': JSON.stringify(guard) },
    })
    const session = await store.session(t)
    t.strictSame((await readRecord(session, 'pause-p'))?.guard, guard)
    t.strictSame((await listed(eachRecord(session, {})))[0]?.record?.guard, guard)

    const changed = await changeRecord(session, 'pause-p', (record) => ({ ...record, state: 'failed' }))
    t.strictSame((await readRecord(session, 'pause-p'))?.guard, guard)
    t.notMatch(store.objects.get(name), { data: { 'record.json': /guard/ } })

    if (changed === undefined) throw new Error('the record was not changed')
    store.objects.delete(name)
    await writeRecord(session, changed)
    t.strictSame(await readRecord(session, 'pause-p'), changed)
  },
)
