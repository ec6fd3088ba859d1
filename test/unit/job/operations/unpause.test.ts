import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { unpause } from '../../../../job/operations/unpause.ts'
import { endpointOf } from '../../../../job/servers/targets.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'
import type { RequestOf } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
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
