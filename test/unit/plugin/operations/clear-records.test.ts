import t from 'tap'
import type { PauseWindowRecord } from '../../../../operation/record.ts'
import { readRecord } from '../../../../plugin/kubernetes/records/records.ts'
import { clearRecords } from '../../../../plugin/operations/clear-records.ts'
import { ObjectStore } from '../kubernetes/object-store.ts'

const server = { address: '10.0.0.7:50053', uid: 'uid-0' }
const other = { address: '10.0.0.8:50053', uid: 'uid-1' }
const window: PauseWindowRecord = {
  endpoints: [server, other],
  pauseSentAt: '2026-11-21T09:00:01Z',
  verdict: 'open',
  reasons: [],
}

t.test('a record no longer calls a server paused that serves again; the others stay named', async (t) => {
  const store = new ObjectStore()
  store.record({
    operation: 'pause-p',
    kind: 'pause',
    state: 'failed',
    exitCode: 5,
    stillPaused: [server.address, other.address],
    windows: [{ ...window, verdict: 'void' }],
  })
  const session = await store.session(t)
  await clearRecords(session, [{ address: '10.0.0.99:50053', uid: server.uid }])
  t.strictSame((await readRecord(session, 'pause-p'))?.stillPaused, [other.address])
})

t.test('a record that its worker could not finish is finished with what is left', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'pause-p', kind: 'pause', state: 'running', windows: [window] })
  const session = await store.session(t)
  await clearRecords(session, [server])
  t.match(await readRecord(session, 'pause-p'), {
    state: 'failed',
    stillPaused: [other.address],
    windows: [{ verdict: 'void' }],
  })
})

t.test('one that is under way is its own worker’s to write', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'pause-p', kind: 'pause', state: 'running', windows: [window] })
  store.job('pause-p', 'pause')
  store.beforeWrite = () => t.fail('nothing is written')
  const session = await store.session(t)
  await clearRecords(session, [server])
  t.match(await readRecord(session, 'pause-p'), { state: 'running', windows: [{ verdict: 'open' }] })
})
