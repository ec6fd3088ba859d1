import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { recordStore } from '../../../../job/journal/record-store.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'

const fresh = () =>
  newRecord({
    operation: 'backup-x',
    kind: 'backup',
    namespace: 'ns',
    releases: [],
    createdAt: '2026-11-21T00:00:00Z',
    plugin: '1',
  })

t.test('many changes at once become few saves, in order, and each answers only when it is saved', async (t) => {
  const saved: OperationRecord[] = []
  let running = 0
  const store = recordStore(fresh(), async (record) => {
    running += 1
    t.equal(running, 1, 'one at a time')
    await sleep(10)
    saved.push(record)
    running -= 1
  })
  const updates = Array.from({ length: 50 }, async (_, index) => {
    await sleep(index % 7)
    await store.update((record) => record.stillPaused.push(String(index)))
    t.ok(saved.at(-1)?.stillPaused.includes(String(index)), 'saved when answered')
  })
  await Promise.all(updates)
  t.ok(saved.length < 10, `${saved.length} saves`)
  t.equal(saved.at(-1)?.stillPaused.length, 50)
})

t.test('a save that fails fails the change that waited for it, and the next one saves both', async (t) => {
  let fail = true
  const saved: OperationRecord[] = []
  const store = recordStore(fresh(), async (record) => {
    if (fail) throw new Error('no API server')
    saved.push(record)
  })
  await t.rejects(
    store.update((record) => record.stillPaused.push('a')),
    /no API server/,
  )
  fail = false
  await store.update((record) => record.stillPaused.push('b'))
  t.strictSame(saved.at(-1)?.stillPaused, ['a', 'b'])
})
