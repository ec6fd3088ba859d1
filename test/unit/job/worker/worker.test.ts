import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { unrecordedExitCode, work } from '../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../operation/event.ts'
import { Failure } from '../../../../operation/failure.ts'
import { newRecord } from '../../../../operation/record.ts'
import { isHeld } from '../../../../operation/outcome/outcome.ts'
import type { OperationRequest } from '../../../../operation/request.ts'
import { key } from '../guard/two-pods.ts'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'

interface Scene {
  ledgers: Ledger[]
  cluster: InMemoryCluster
  events: WorkerEvent[]
  stop: AbortController
  run(request: OperationRequest): Promise<number>
}

async function scene(t: Test): Promise<Scene> {
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const said: WorkerEvent[] = []
  const stop = new AbortController()
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  return {
    ledgers,
    cluster,
    events: said,
    stop,
    run: (request) => work(request, { cluster, events, key, signal: stop.signal }),
  }
}

const record = ({ cluster }: Scene) => cluster.recordsByName.get('pause-test')
const open = ({ ledgers }: Scene) => ledgers.map(({ gate }) => gate.isOpen)

async function untilPaused(s: Scene): Promise<void> {
  while (record(s)?.windows.at(-1)?.allPausedAt === undefined) await sleep(10)
}

t.test('a pause of a fixed time, from request to record', async (t) => {
  const s = await scene(t)
  t.equal(await s.run(pauseRequest({ durationMs: 300 })), 0)
  t.match(record(s), {
    state: 'succeeded',
    exitCode: 0,
    by: { worker: String },
    phases: [{ name: 'preflight' }, { name: 'pause', finishedAt: String }],
    windows: [{ verdict: 'valid' }],
  })
  const [window] = record(s)?.windows ?? []
  t.ok(Date.parse(window?.unpauseSentAt ?? '') - Date.parse(window?.allPausedAt ?? '') >= 300)
  t.strictSame(
    s.events.map(({ code }) => code),
    ['started', 'phase', 'phase-done', 'phase', 'note', 'pausing', 'paused', 'unpaused', 'phase-done', 'finished'],
    'the note: without a guard',
  )
  t.match(s.events[0]?.data, { operation: 'pause-test', kind: 'pause', attempt: 1 })
  t.equal(await s.run(pauseRequest({ durationMs: 300 })), 0, 'a pod that is started once more has nothing left to do')
  t.equal(record(s)?.windows.length, 1)
})

t.test('the record says that all are paused while they are, and `unpause` ends the pause', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest())
  await untilPaused(s)
  t.strictSame(open(s), [false, false])
  const { durationMs: _, pause: __, ...common } = pauseRequest({ operation: 'unpause-test' })
  t.equal(await s.run({ ...common, kind: 'unpause', force: false }), 0)
  t.equal(await running, 0)
  t.strictSame(open(s), [true, true])
})

t.test('a pause without a time ends at the longest one, in order', async (t) => {
  const s = await scene(t)
  // The last look takes its time, as on a busy machine, and is over before the limit all the same.
  for (const { faults } of s.ledgers) faults.set({ delayMs: { CheckPaused: 600 } })
  t.equal(await s.run(pauseRequest({ pause: { drainMs: 500, maxPauseMs: 4000, guard: false } })), 0)
  t.ok(s.events.some(({ message }) => message.includes('--max-pause')))
  t.match(record(s), { state: 'succeeded', windows: [{ verdict: 'valid' }] })
})

t.test('a pause of a fixed time that proves nothing ends in exit code 3', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest({ durationMs: 400 }))
  await untilPaused(s)
  s.cluster.change({ of: 'watch', trouble: 'pod other appeared' })
  t.equal(await running, 3)
  t.match(record(s), { state: 'failed', exitCode: 3, failure: { why: /pod other appeared/, next: String } })
})

t.test(
  'SIGTERM without a cancel: unpaused, exit 143, and the next worker does not pause again but says that the ' +
    'pause was broken',
  async (t) => {
    const s = await scene(t)
    const running = s.run(pauseRequest())
    await untilPaused(s)
    s.stop.abort(new Interrupted('SIGTERM'))
    t.equal(await running, 143)
    t.strictSame(open(s), [true, true])
    t.match(record(s), { state: 'running' })
    const next = new AbortController()
    const said: WorkerEvent[] = []
    const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
    t.equal(await work(pauseRequest({ durationMs: 100 }), { cluster: s.cluster, events, signal: next.signal }), 3)
    t.match(said[0]?.data, { attempt: 2 })
    t.equal(record(s)?.windows.length, 1)
    t.match(record(s), { state: 'failed', failure: { what: /cannot be relied on/, why: String, next: String } })
  },
)

t.test('of two live workers the one that was succeeded writes nothing, takes nothing back, and ends', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest())
  await untilPaused(s)
  const cluster = asAnotherProcess(s.cluster)
  const events = jsonLineEvents(() => undefined)
  t.equal(await work(pauseRequest(), { cluster, events, signal: new AbortController().signal }), 3)
  t.strictSame(open(s), [true, true], 'the pause was ended by the successor')
  const before = structuredClone([record(s), s.cluster.journals.get('pause-test')])
  t.equal(await running, unrecordedExitCode)
  t.strictSame([record(s), s.cluster.journals.get('pause-test')], before)
  t.ok(s.events.some(({ message }) => message.includes('this one gives way')))
  t.strictSame(open(s), [true, true])
})

t.test('a cancel: unpaused, and the record says so', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest())
  await untilPaused(s)
  s.cluster.suspended = true
  s.stop.abort(new Interrupted('SIGTERM'))
  t.equal(await running, 1)
  t.strictSame(open(s), [true, true])
  t.match(record(s), { state: 'cancelled', failure: { what: 'pause-test was cancelled' } })
})

t.test('an error that nobody caught unpauses as well, and the record names it', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest())
  await untilPaused(s)
  s.stop.abort(new TypeError('x is not a function'))
  t.equal(await running, 1)
  t.strictSame(open(s), [true, true])
  t.match(record(s), { state: 'failed', failure: { why: 'x is not a function' } })
})

t.test('a pause of addresses that no release has is named by them', async (t) => {
  const s = await scene(t)
  const { target } = pauseRequest()
  t.equal(await s.run(pauseRequest({ target: { ...target, releases: [], addresses: ['127.0.0.1:1'] } })), 1)
  t.match(record(s), { failure: { what: 'pause of 127.0.0.1:1 was not begun, nothing was touched' } })
})

t.test('a guard is waited for as long as --guard-timeout says, and nothing is paused without it', async (t) => {
  const s = await scene(t)
  const pause = { drainMs: 1000, maxPauseMs: 20_000, guard: true, guardWaitMs: 200 }
  t.equal(await s.run(pauseRequest({ pause })), 1)
  t.match(record(s), { failure: { what: 'nothing was paused: no guard stands by after 200 ms' } })
  t.strictSame(open(s), [true, true])
})

t.test('bad surroundings are refused with a cure before anything is paused', async (t) => {
  const cases: Record<string, { spoil: (s: Scene) => void; why: RegExp; next: RegExp }> = {
    'rights that are missing': {
      spoil: ({ cluster }) => cluster.missing.push('watch pods'),
      why: /may not watch pods/,
      next: /kubectl scalardl install/,
    },
    'no pods': { spoil: ({ cluster }) => (cluster.pods = []), why: /instance=my-ledger/, next: /scale the release up/ },
    'a pod that is not ready': {
      spoil: ({ cluster }) =>
        (cluster.pods = cluster.pods.map((pod) => ({ ...pod, ready: false, trouble: 'Unschedulable: no room' }))),
      why: /Unschedulable/,
      next: /describe pod/,
    },
    'a wrong port': {
      spoil: ({ cluster }) => (cluster.pods = cluster.pods.map((pod) => ({ ...pod, adminPort: 1 }))),
      why: /nothing listens on port 1/,
      next: /--admin-port/,
    },
    "somebody else's pause": {
      spoil: ({ ledgers }) => void ledgers[0]?.gate.pause(undefined),
      why: /paused already/,
      next: /kubectl scalardl unpause my-ledger -n ns --force/,
    },
    'another operation at work': {
      spoil: ({ cluster }) => cluster.held.set('my-ledger', 'restore-x'),
      why: /restore-x is at work/,
      next: /cancel restore-x/,
    },
  }
  for (const [name, { spoil, why, next }] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const s = await scene(t)
      spoil(s)
      t.equal(await s.run(pauseRequest({ durationMs: 100 })), 1)
      t.match(record(s), { state: 'failed', failure: { why, next } })
      t.strictSame(
        s.ledgers.flatMap(({ log }) => log.filter((line) => line === 'Pause: PAUSED')),
        [],
      )
    })
  }
})

t.test('a record that cannot be read stops the worker before it does anything', async (t) => {
  const s = await scene(t)
  s.cluster.findRecord = () =>
    Promise.reject(new Failure({ what: 'the record cannot be read', why: 'newer', next: 'update' }))
  await t.rejects(s.run(pauseRequest()), /cannot be read/)
  t.strictSame(open(s), [true, true])
})

t.test('an operation that leaves a server paused ends in exit code 5, whatever else it came to', async (t) => {
  const s = await scene(t)
  await s.cluster.writeRecord({
    ...newRecord({
      operation: 'pause-test',
      kind: 'pause',
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T00:00:00Z',
      plugin: '1',
    }),
    state: 'running',
    stillPaused: ['10.0.0.1:50053'],
  })
  t.equal(await s.run(pauseRequest({ durationMs: 50 })), 5)
  t.match(record(s), { exitCode: 5, stillPaused: ['10.0.0.1:50053'] })
})

t.test('a worker that cannot write its last word ends so that its Job starts another, which writes it', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest({ durationMs: 300 }))
  await untilPaused(s)
  const { writeRecord } = s.cluster
  s.cluster.writeRecord = () =>
    Promise.reject(new Failure({ what: 'the worker could not update the configmap', why: 'no answer', next: 'x' }))
  const code = await running
  t.notOk([0, 1, 2, 3, 4, 5, 6, 7].includes(code), 'none of the codes that end the Job')
  t.strictSame(open(s), [true, true])
  t.match(record(s), { state: 'running' })
  s.cluster.writeRecord = writeRecord
  t.equal(await s.run(pauseRequest({ durationMs: 300 })), 3)
  t.match(record(s), { state: 'failed', windows: [{ verdict: 'void' }] })
})

t.test('SIGTERM while the API server is away: unpaused, and left to another worker', async (t) => {
  const s = await scene(t)
  const running = s.run(pauseRequest())
  await untilPaused(s)
  s.cluster.cancelled = () => Promise.reject(new Error('no answer'))
  s.stop.abort(new Interrupted('SIGTERM'))
  t.equal(await running, 143)
  t.strictSame(open(s), [true, true])
})

t.test(
  'an API server that is away after a pause is waited for longer than one that is away before it or in it',
  async (t) => {
    const s = await scene(t)
    const { writeRecord, writeJournal } = s.cluster
    const verdicts: Record<string, unknown[]> = { patient: [], usual: [] }
    const ends: boolean[] = []
    s.cluster.writeRecord = (written, patience) => {
      const [window] = written.windows
      verdicts[patience === undefined ? 'usual' : 'patient']?.push(
        window === undefined ? 'none' : isHeld(window) ? 'held' : 'ended',
      )
      return writeRecord(written)
    }
    s.cluster.writeJournal = (written, patience) => {
      if (written.steps.some(({ name }) => name === 'pause 1: ended')) ends.push(patience !== undefined)
      return writeJournal(written)
    }
    t.equal(await s.run(pauseRequest({ durationMs: 100 })), 0)
    t.strictSame([...new Set(verdicts['usual'])], ['none', 'held'])
    t.strictSame([...new Set(verdicts['patient'])], ['ended'])
    t.ok(ends.length > 0 && ends.every(Boolean))
  },
)
