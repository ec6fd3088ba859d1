import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { unpause } from '../../../../job/operations/unpause.ts'
import { endpointOf } from '../../../../job/servers/targets.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'
import type { RequestOf } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { work } from '../../../../job/worker/worker.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'

interface Scene {
  ours: Ledger
  theirs: Ledger
  cluster: InMemoryCluster
  run(force?: boolean): Promise<void>
}

/** Two paused servers, of which a record shows one as ours. */
async function scene(t: Test, changes: Partial<OperationRecord> = {}): Promise<Scene> {
  const [ours, theirs] = (await startLedgers(2)) as [Ledger, Ledger]
  t.teardown(() => [ours, theirs].forEach((ledger) => ledger.stop()))
  await Promise.all([ours, theirs].map(({ gate }) => gate.pause(undefined)))
  const cluster = inMemoryCluster([ours.pod, theirs.pod])
  const endpoints = [endpointOf({ host: '127.0.0.1', port: ours.pod.adminPort, pod: ours.pod })]
  const record = newRecord({
    operation: 'backup-x',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T00:00:00Z',
    plugin: '1',
  })
  await cluster.writeRecord({
    ...record,
    windows: [{ endpoints, pauseSentAt: record.createdAt, verdict: 'open', reasons: [] }],
    ...changes,
  })
  const { durationMs: _, pause: __, ...common } = pauseRequest({ operation: 'unpause-test' })
  const run = async (force = false) => {
    const request: RequestOf<'unpause'> = { ...common, kind: 'unpause', force }
    await unpause((await contextOf(request, cluster)).context)
  }
  return { ours, theirs, cluster, run }
}

t.test("what a record shows as ours is unpaused, somebody else's pause is left alone and named", async (t) => {
  const { ours, theirs, run } = await scene(t)
  const failure = await failureOf(run())
  t.equal(ours.gate.isOpen, true)
  t.equal(theirs.gate.isOpen, false)
  t.match(failure, { what: /1 server/, why: theirs.pod.name, next: /--force/ })
  t.notMatch(failure.why, ours.pod.name)
})

t.test('with force everything is unpaused, and once more does no harm', async (t) => {
  const { ours, theirs, run } = await scene(t)
  await run(true)
  t.strictSame([ours.gate.isOpen, theirs.gate.isOpen], [true, true])
  await run(true)
  await run()
  t.strictSame([ours.log, theirs.log], [['Unpause'], ['Unpause']], 'what is not paused is not touched')
})

t.test('a pod that was replaced under the same address is not the one that we paused', async (t) => {
  const { ours, cluster, run } = await scene(t)
  cluster.pods = cluster.pods.map((pod) => ({ ...pod, uid: `${pod.uid}-new` }))
  await t.rejects(run())
  t.equal(ours.gate.isOpen, false)
})

t.test('a pause that has ended is no longer ours', async (t) => {
  const { ours, cluster, run } = await scene(t)
  const record = await cluster.readRecord('backup-x')
  await cluster.writeRecord({ ...record, windows: record.windows.map((window) => ({ ...window, verdict: 'valid' })) })
  await t.rejects(run())
  t.equal(ours.gate.isOpen, false)
})

t.test('a finished operation that left a server paused: unpaused, and its record no longer says so', async (t) => {
  const { ours, cluster, run } = await scene(t)
  const record = await cluster.readRecord('backup-x')
  const windows = record.windows.map((window) => ({ ...window, verdict: 'void' as const }))
  await cluster.writeRecord({
    ...record,
    windows,
    finishedAt: '2026-11-21T00:01:00Z',
    exitCode: 5,
    stillPaused: [ours.address],
  })
  await t.rejects(run(), 'the other stays')
  t.equal(ours.gate.isOpen, true)
  t.strictSame((await cluster.readRecord('backup-x')).stillPaused, [])
})

t.test('a server that answers nothing keeps no other paused', async (t) => {
  const { ours, theirs, run } = await scene(t)
  theirs.faults.set({ delayMs: { CheckPaused: 1500 } })
  const running = run(true)
  while (!theirs.gate.isOpen && !ours.gate.isOpen) await sleep(10)
  t.strictSame([ours.gate.isOpen, theirs.gate.isOpen], [true, false])
  await running
  t.ok(theirs.gate.isOpen)
})

interface Held {
  ledger: Ledger
  cluster: InMemoryCluster
  /** the worker of `pause-test`, which holds the server paused */
  holder: Promise<number>
  unpause(force?: boolean): Promise<OperationRecord>
}

/** A server that a real worker of `pause` holds. */
async function held(t: Test, changes: Partial<Parameters<typeof pauseRequest>[0]> = {}): Promise<Held> {
  const [ledger] = (await startLedgers(1)) as [Ledger]
  t.teardown(() => ledger.stop())
  const cluster = inMemoryCluster([ledger.pod])
  const events = { say: () => undefined }
  const stop = new AbortController()
  const holder = work(pauseRequest(changes), { cluster, events, signal: stop.signal })
  t.teardown(async () => {
    stop.abort(new Error('the test is over'))
    await holder.catch(() => undefined)
  })
  while (cluster.recordsByName.get('pause-test')?.windows[0]?.allPausedAt === undefined) await sleep(10)
  const { durationMs: _, pause: __, ...common } = pauseRequest({ operation: 'unpause-test' })
  return {
    ledger,
    cluster,
    holder,
    async unpause(force = false) {
      await work({ ...common, kind: 'unpause', force }, { cluster, events, signal: stop.signal })
      return cluster.readRecord('unpause-test')
    },
  }
}

t.test('a pause that unpause ends is valid, and both say for which moment', async (t) => {
  const { ledger, cluster, holder, unpause } = await held(t)
  const record = await unpause()
  t.match(record, { state: 'succeeded', exitCode: 0, ended: [{ operation: 'pause-test' }] })
  t.equal(await holder, 0)
  const [window] = (await cluster.readRecord('pause-test')).windows
  t.match(window, { verdict: 'valid', reasons: ['no guard stood by (--guard=false)'], restorePoint: String })
  t.strictSame(record.ended?.[0]?.window, window)
  const at = Date.parse(window?.restorePoint ?? '')
  t.ok(at > Date.parse(window?.allPausedAt ?? '') && at < Date.parse(window?.unpauseSentAt ?? ''))
  t.strictSame(ledger.log, ['Pause: PAUSED', 'Unpause'], 'by the one that paused it')
})

t.test('a pause for a fixed time ends when unpause asks for it', async (t) => {
  const { holder, unpause } = await held(t, { durationMs: 15_000 })
  t.match(await unpause(), { exitCode: 0, ended: [{ window: { verdict: 'valid' } }] })
  t.equal(await holder, 0)
})

t.test('a holder that stays silent is done without, and its window is void', async (t) => {
  const { ledger, cluster, holder, unpause } = await held(t)
  cluster.askedToEnd = () => new Promise(() => undefined)
  const record = await unpause()
  t.equal(ledger.gate.isOpen, true)
  t.match(record, { state: 'failed', exitCode: 3, failure: { why: /unpaused by somebody else/ } })
  t.match(record.ended, [{ operation: 'pause-test', window: { verdict: 'void' } }])
  t.equal(await holder, 3, 'the pause ends with the same verdict')
})

t.test('a holder whose Job is over is not waited for', async (t) => {
  const { ours, cluster, run } = await scene(t, { operation: 'pause-x', kind: 'pause', state: 'running' })
  cluster.held.set('my-ledger', 'pause-x')
  cluster.job = { phase: 'failed', reason: 'BackoffLimitExceeded' }
  const before = performance.now()
  await failureOf(run())
  t.ok(performance.now() - before < 4000)
  t.equal(ours.gate.isOpen, true)
})

t.test('with force nobody is asked, and the window is void', async (t) => {
  const { cluster, holder, unpause } = await held(t)
  t.match(await unpause(true), { exitCode: 3, ended: [{ window: { verdict: 'void' } }] })
  t.equal(cluster.endRequests.size, 0)
  t.equal(await holder, 3)
})

t.test('while another operation is at work its pause is left alone, and the refusal names it', async (t) => {
  const { ours, cluster, run } = await scene(t)
  cluster.held.set('my-ledger', 'backup-x')
  const failure = await failureOf(run())
  t.match(failure, { what: /nothing was unpaused: backup-x/, next: /cancel backup-x -n ns/ })
  t.equal(ours.gate.isOpen, false)
  await run(true)
  t.equal(ours.gate.isOpen, true)
})
