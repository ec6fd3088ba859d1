import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { PauseCutShort } from '../../../../job/guard/in-worker/errors.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { endLeftoverPause } from '../../../../job/pause/recover.ts'
import { intentStep } from '../../../../job/journal/pause-steps.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { failureOf } from '../failure-of.ts'
import { startLedgers } from '../servers/ledgers.ts'
import { allClosed, allOpen, guardProcess, open, pauses, scene, until, workerOf } from './guarded-scene.ts'
import { guardPod, workerPod } from './two-pods.ts'
import { rawGuard } from './raw-link.ts'

t.test('a pause under a guard: valid, released, and the guard was there before the first Pause', async (t) => {
  const s = await scene(t)
  const guard = s.startGuard()
  const { context, events } = await workerOf(t, s)
  const { window } = await holdPause(context, async () => t.ok(allClosed(s.ledgers)))
  t.match(window, { verdict: 'valid', reasons: { length: 0 } })
  t.strictSame(
    events.map(({ code }) => code),
    ['guard', 'pausing', 'paused', 'unpaused'],
  )
  await sleep(500)
  t.equal(s.cluster.reports.size, 0, 'a guard that had nothing to do has nothing to say')
  context.guard.done()
  t.equal(await guard.ended, 0)
})

t.test('no guard: refused, nothing paused, with what its pod waits for and how to do without', async (t) => {
  const cases = {
    'no pod': { pods: [workerPod], why: /its Job guard-pause-test has no pod/ },
    'a pod without a node': {
      pods: [{ ...guardPod, running: false, node: '', trouble: 'Unschedulable: 0/2 nodes are available' }],
      why: /guard-1: Unschedulable: 0\/2/,
    },
    'a pod that does not connect': { pods: [guardPod], why: /guard-1 runs on node-b, but no connection/ },
  }
  for (const [name, { pods, why }] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const s = await scene(t)
      s.cluster.podsOfOperation = pods
      const { context } = await workerOf(t, s, 400)
      const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
      t.match(failure, { what: /nothing was paused: no guard stands by after/, why, next: /--guard=false/ })
      t.strictSame(pauses(s.ledgers), [])
      t.equal(s.cluster.held.size, 0)
      t.strictSame(context.record.current.windows, [], 'there was no window')
    })
  }
})

t.test('a guard that does not reach a server: refused with what it says, and it is let go', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s, 500)
  const guard = rawGuard(t, s.port)
  const running = failureOf(holdPause(context, async () => t.fail('went inside')))
  await until('the hold', () => guard.heard.some(({ say }) => say === 'hold'))
  guard.send({ say: 'cannot-hold', pause: 1, why: 'pod ledger-1: no route to host' })
  t.match(await running, { what: /does not reach every server/, why: /guard-1: .*no route to host/ })
  t.strictSame(pauses(s.ledgers), [])
  await until('the release', () => guard.heard.some((message) => message.say === 'release' && message.pause === 1))
})

t.test("a stranger's word is not believed", async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s, 700)
  const stranger = rawGuard(t, s.port, { uid: 'of somebody else' })
  const claiming = setInterval(() => stranger.send({ say: 'holding', pause: 1, servers: 3 }), 20)
  t.teardown(() => clearInterval(claiming))
  await t.rejects(holdPause(context, async () => t.fail('went inside')))
  t.strictSame(pauses(s.ledgers), [])
})

t.test(
  'a guard that was killed in the window: the servers themselves tell whether it had ended the pause',
  async (t) => {
    for (const [version, verdict] of [
      ['4', 'valid'],
      ['2', 'void'],
    ] as const) {
      await t.test(`version ${version}`, async (t) => {
        const s = await scene(t, { version })
        const guard = guardProcess(t, s)
        const { context, events } = await workerOf(t, s)
        const { window } = await holdPause(context, async () => {
          guard.kill('SIGKILL')
          await sleep(5000)
          t.ok(allClosed(s.ledgers), 'the Lease is renewed: the pause goes on')
        })
        t.equal(window.verdict, verdict)
        if (verdict === 'void') t.match(window.reasons[0], /the guard was lost in the pause and may have ended it/)
        t.match(
          events.find(({ level }) => level === 'warning')?.message,
          /the guard does not answer; the pause goes on/,
        )
      })
    }
  },
)

t.test('neither the guard nor the API server knows that the worker lives: it ends the pause itself', async (t) => {
  const s = await scene(t)
  const guard = guardProcess(t, s)
  const { context } = await workerOf(t, s)
  const running = failureOf(
    holdPause(
      context,
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    ),
  )
  await until('the pause', () => allClosed(s.ledgers))
  guard.kill('SIGSTOP')
  s.cluster.renewing = false
  const ms = await until('the unpause', () => allOpen(s.ledgers))
  t.ok(ms > 3000 && ms < 20_000, `${Math.round(ms)} ms`)
  guard.kill('SIGKILL')
  const failure = await running
  t.type(failure, PauseCutShort)
  t.match(failure.why, /the guard has not heard this worker/)
  t.match(context.record.current.windows, [{ verdict: 'void' }])
})

t.test(
  'no pause begins before the guard is known to hear the worker, and none is ended for want of that',
  async (t) => {
    // Without a Lease, as for addresses outside of the namespace, and with one that was just out of reach.
    for (const renewedMs of [() => undefined, () => performance.now() - 60_000]) {
      const s = await scene(t)
      const take = s.cluster.takeLeases
      s.cluster.takeLeases = async (...given) => ({ ...(await take(...given)), renewedMs })
      const { context } = await workerOf(t, s)
      const guard = rawGuard(t, s.port, { echo: false })
      const running = holdPause(context, async () => {
        t.ok(guard.heard.some(({ say }) => say === 'beat'))
        await sleep(600)
      })
      await until('the hold', () => guard.heard.some(({ say }) => say === 'hold'))
      guard.send({ say: 'holding', pause: 1, servers: 3 })
      await sleep(1200)
      t.strictSame(pauses(s.ledgers), [])
      const echoing = setInterval(() => {
        const beat = guard.heard.findLast(({ say }) => say === 'beat')
        if (beat?.say === 'beat') guard.send({ say: 'echo', number: beat.number })
        if (guard.heard.some(({ say }) => say === 'release')) guard.send({ say: 'released', pause: 1 })
      }, 50)
      t.teardown(() => clearInterval(echoing))
      t.match((await running).window, { verdict: 'valid' })
      clearInterval(echoing)
      context.guard.close()
    }
  },
)

t.test('a guard that ended the pause makes the window void, whatever the servers say', async (t) => {
  const s = await scene(t, { version: '2' })
  const { context } = await workerOf(t, s)
  const guard = rawGuard(t, s.port)
  const answering = setInterval(() => {
    if (guard.heard.some(({ say }) => say === 'hold')) guard.send({ say: 'holding', pause: 1, servers: 3 })
    if (guard.heard.some(({ say }) => say === 'release'))
      guard.send({ say: 'released', pause: 1, fired: 'nothing was heard' })
  }, 20)
  t.teardown(() => clearInterval(answering))
  const { window } = await holdPause(context, async () => undefined)
  t.match(window, { verdict: 'void', reasons: [/the guard ended the pause: nothing was heard/] })
})

t.test('a guard that comes after the pause is told that it is over, and does not hold it again', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s)
  const first = rawGuard(t, s.port)
  const answering = setInterval(() => {
    if (first.heard.some(({ say }) => say === 'hold')) first.send({ say: 'holding', pause: 1, servers: 3 })
    if (first.heard.some(({ say }) => say === 'release')) first.send({ say: 'released', pause: 1 })
  }, 20)
  t.teardown(() => clearInterval(answering))
  const { window } = await holdPause(context, async () => undefined)
  t.equal(window.verdict, 'valid')
  const second = rawGuard(t, s.port)
  await until('the release', () => second.heard.some(({ say }) => say === 'release'))
  await sleep(200)
  t.notOk(second.heard.some(({ say }) => say === 'hold' || say === 'begin'))
})

t.test('told so inside, the work ends at once', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s)
  const guard = rawGuard(t, s.port)
  const holding = setInterval(
    () => guard.heard.some(({ say }) => say === 'hold') && guard.send({ say: 'holding', pause: 1, servers: 3 }),
    20,
  )
  t.teardown(() => clearInterval(holding))
  const running = failureOf(
    holdPause(
      context,
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    ),
  )
  await until('the pause', () => allClosed(s.ledgers))
  guard.send({ say: 'fired', pause: 1, why: 'the longest pause was over' })
  t.match(await running, { what: /the guard ended the pause/, why: /the longest pause was over/ })
  t.ok(allOpen(s.ledgers))
})

t.test('a server that does not answer the Unpause: the guard is asked, and its answer counts', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s)
  const guard = rawGuard(t, s.port)
  const holding = setInterval(
    () => guard.heard.some(({ say }) => say === 'hold') && guard.send({ say: 'holding', pause: 1, servers: 3 }),
    20,
  )
  t.teardown(() => clearInterval(holding))
  const [cut] = s.ledgers
  const running = holdPause(context, async () =>
    cut?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 60_000 } } }),
  )
  await until('the call for help', () => guard.heard.some(({ say }) => say === 'help'))
  cut?.gate.open()
  guard.send({ say: 'unpaused', pause: 1, addresses: [cut?.address ?? ''] })
  await until('the release', () => guard.heard.some(({ say }) => say === 'release'), 9000)
  guard.send({ say: 'released', pause: 1 })
  t.match((await running).window, { verdict: 'valid' })
  t.match(context.record.current, { stillPaused: { length: 0 } })
})

t.test('the next worker stands the guard down once it has ended what was left', async (t) => {
  const s = await scene(t)
  for (const { gate } of s.ledgers) await gate.pause(undefined)
  const intent = { servers: s.ledgers.map(({ address, pod }) => ({ address, uid: pod.uid })), restarts: {} }
  const at = '2026-11-21T00:00:00.000Z'
  s.cluster.journals.set('pause-test', {
    version: 1,
    operation: 'pause-test',
    steps: [{ name: intentStep(1), startedAt: at, finishedAt: at, result: intent }],
  })
  const { context } = await workerOf(t, s)
  await endLeftoverPause(context)
  t.ok(allOpen(s.ledgers))
  const guard = rawGuard(t, s.port)
  await until('the release', () => guard.heard.some((message) => message.say === 'release' && message.pause === 1))
})

t.test('what came to nothing before its first Pause is not in the way of the next worker', async (t) => {
  const s = await scene(t)
  s.startGuard()
  const write = s.cluster.writeJournal
  s.cluster.writeJournal = (document) =>
    document.steps.some(({ finishedAt }) => finishedAt !== undefined)
      ? Promise.reject(new Error('the API server is away'))
      : write(document)
  const first = await workerOf(t, s)
  await t.rejects(
    holdPause(first.context, async () => t.fail('went inside')),
    { message: 'the API server is away' },
  )
  t.strictSame(pauses(s.ledgers), [])
  t.strictSame(first.context.record.current.windows, [], 'no Pause was sent, so there was no window')
  first.context.guard.close()
  s.cluster.writeJournal = write
  const second = await workerOf(t, s, 3000)
  t.match(await holdPause(second.context, async () => t.ok(allClosed(s.ledgers))), {
    window: { verdict: 'valid', pause: 2 },
  })
})

t.test('a guard that comes when no pause is to come any more ends at once', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s)
  context.guard.done()
  t.equal(await s.startGuard().ended, 0)
})

t.test('SIGTERM while a guard is waited for touches nothing', async (t) => {
  const s = await scene(t)
  const { context, stop } = await workerOf(t, s)
  const running = holdPause(context, async () => t.fail('went inside'))
  stop.abort(new Interrupted('SIGTERM'))
  await t.rejects(running)
  t.strictSame(pauses(s.ledgers), [])
})

t.test('a guard on the node of the worker: a warning', async (t) => {
  const s = await scene(t)
  const { hostname } = await import('node:os')
  s.cluster.podsOfOperation = [{ ...workerPod, name: hostname(), node: 'node-b' }, guardPod]
  s.startGuard()
  const { context } = await workerOf(t, s)
  await holdPause(context, async () => undefined)
  t.match(context.record.current.findings, [{ check: 'guard', outcome: 'warning', message: /shares node node-b/ }])
})

t.test('two hundred servers: the guard holds them, and hears the worker all the while', async (t) => {
  const s = await scene(t, { count: 1 })
  const ledgers = await startLedgers(200)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  s.cluster.pods = ledgers.map(({ pod }) => pod)
  s.ledgers.push(...ledgers)
  guardProcess(t, s)
  const { context, events } = await workerOf(t, s)
  const { window } = await holdPause(context, async () => t.strictSame([...new Set(open(ledgers))], [false]))
  t.equal(window.verdict, 'valid')
  t.notOk(events.some(({ data }) => data?.['state'] === 'silent'))
})
