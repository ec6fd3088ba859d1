import t from 'tap'
import { isOurPause } from '../../../../operation/outcome/pause-ownership.ts'
import { newRecord, type OperationRecord, type PauseWindowRecord } from '../../../../operation/record.ts'

const server = { address: '10.0.0.7:50053', pod: 'my-ledger-0', uid: 'uid-0' }
const window: PauseWindowRecord = {
  endpoints: [server],
  pauseSentAt: '2026-11-21T09:00:01Z',
  verdict: 'open',
  reasons: [],
}

function record(change: Partial<OperationRecord>): OperationRecord {
  return {
    ...newRecord({
      operation: 'pause-p',
      kind: 'pause',
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T09:00:00Z',
      plugin: '0.1.0',
    }),
    ...change,
  }
}

t.test('a pause that a window shows open, or that could not be ended, is ours', async (t) => {
  t.ok(isOurPause(server, [record({ windows: [window] })]))
  t.ok(isOurPause(server, [record({ windows: [{ ...window, verdict: 'void' }], stillPaused: [server.address] })]))
  t.ok(
    isOurPause({ ...server, address: '10.0.0.9:50053' }, [record({ windows: [window] })]),
    'a pod is known by its uid',
  )
})

t.test('one that ended, or of a pod that has another one’s address, is not', async (t) => {
  t.notOk(isOurPause(server, []))
  t.notOk(isOurPause(server, [record({ windows: [{ ...window, verdict: 'valid' }] })]))
  t.notOk(isOurPause({ ...server, uid: 'uid-1' }, [record({ windows: [window] })]))
})

t.test('one that the guard ended is not ours any more: who paused since is somebody else', async (t) => {
  const interventions = [
    { at: '2026-11-21T09:00:05Z', pause: 1, why: 'the worker is gone', unpaused: [server.address], stillPaused: [] },
  ]
  t.notOk(isOurPause(server, [record({ windows: [window], guard: { pod: 'g', node: 'n', interventions } })]))
})
