import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { configMapName, endRequestKey, leaseName } from '../../../../operation/names.ts'
import type { PauseWindowRecord } from '../../../../operation/record.ts'
import { leaseHolders } from '../../../../plugin/kubernetes/records/lease-holders.ts'
import { askHolders, awaitHolders, refuseOthersAtWork } from '../../../../plugin/operations/end-pauses.ts'
import { ObjectStore } from '../kubernetes/object-store.ts'
import { refused } from '../refused.ts'
import { recordingTerminal } from '../terminal/recording-terminal.ts'

const window: PauseWindowRecord = {
  endpoints: [{ address: '10.0.0.7:50053', uid: 'uid-0' }],
  pauseSentAt: '2026-11-21T09:00:01Z',
  verdict: 'open',
  reasons: [],
}

async function scene(t: Test) {
  const store = new ObjectStore()
  store.record({ operation: 'pause-p', kind: 'pause', state: 'running', windows: [window] })
  store.job('pause-p', 'pause')
  const { terminal, lines } = recordingTerminal()
  const finish = () => {
    store.record({
      operation: 'pause-p',
      kind: 'pause',
      state: 'succeeded',
      exitCode: 0,
      windows: [{ ...window, verdict: 'valid' }],
    })
    store.job('pause-p', 'pause', { type: 'Complete' })
  }
  return { store, session: await store.session(t), terminal, lines, finish }
}

t.test('the operation that holds a pause is asked, and waited for until it has ended', async (t) => {
  const { store, session, terminal, lines, finish } = await scene(t)
  let asked = false
  const asking = askHolders(session, terminal, ['pause-p']).then(() => (asked = true))
  const map = () => store.objects.get(`configmaps/${configMapName('pause-p', 'record')}`)
  while (!JSON.stringify(map()).includes(endRequestKey)) await sleep(10)
  t.equal(asked, false)
  finish()
  await asking
  t.match(await awaitHolders(session, terminal, ['pause-p']), [{ windows: [{ verdict: 'valid' }] }])
  t.strictSame(lines, [])
})

t.test('one that is silent for 5 s is done without', async (t) => {
  const { session, terminal, lines } = await scene(t)
  const before = performance.now()
  await askHolders(session, terminal, ['pause-p'])
  t.ok(performance.now() - before >= 4900)
  t.match(lines, [/pause-p has not ended its pause by itself/])
})

function lease(renewTime: Date): Record<string, unknown> {
  return { holderIdentity: 'backup-b/1234', leaseDurationSeconds: 15, renewTime: renewTime.toISOString() }
}

t.test('who is at work on a release, its Lease tells', async (t) => {
  const { store, session } = await scene(t)
  store.put('leases', { metadata: { name: leaseName('my-ledger') }, spec: lease(new Date()) })
  const holders = await leaseHolders(session, ['my-ledger', 'other'])
  t.strictSame([...holders], [['my-ledger', 'backup-b']])
  t.match(
    refused(() => refuseOthersAtWork(session, holders)),
    { what: /backup-b/, next: /cancel backup-b -n ns/ },
  )
  t.doesNotThrow(() => refuseOthersAtWork(session, new Map([['my-ledger', 'pause-p']])))
})

t.test('a Lease that is no longer renewed binds nobody, whatever the clocks say', async (t) => {
  const { store, session } = await scene(t)
  const old = { metadata: { name: leaseName('my-ledger') }, spec: lease(new Date(Date.now() - 60_000)) }
  store.put('leases', old)
  t.equal((await leaseHolders(session, ['my-ledger'])).size, 0)
  const renewing = setInterval(() => store.put('leases', old), 500)
  t.teardown(() => clearInterval(renewing))
  t.equal((await leaseHolders(session, ['my-ledger'])).size, 1)
})
