import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { noGuard } from '../../../../job/guard/in-worker/guard-link.ts'
import { openPauses } from '../../../../job/journal/pause-steps.ts'
import { PauseCutShort } from '../../../../job/guard/in-worker/errors.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { Failure } from '../../../../operation/failure.ts'
import { failureOf } from '../failure-of.ts'
import { until } from '../guard/guarded-scene.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { startLedgers } from '../servers/ledgers.ts'
import { open, pauses, three, unpauses } from './three-ledgers.ts'

t.test('all are paused inside and none after, with a window that proves it', async (t) => {
  const { ledgers, context, cluster, events } = await three(t)
  const { value, window } = await holdPause(context, async ({ allPausedAt }) => {
    t.strictSame(open(ledgers), [false, false, false])
    return allPausedAt
  })
  t.strictSame(open(ledgers), [true, true, true])
  t.match(window, { verdict: 'valid', allPausedAt: value })
  t.strictSame(window.reasons, ['no guard stood by (--guard=false)'], 'a note')
  t.ok(
    window.pauseSentAt <= value &&
      value <= (window.unpauseSentAt ?? '') &&
      (window.unpauseSentAt ?? '') <= (window.allUnpausedAt ?? ''),
    'in order',
  )
  t.strictSame(cluster.recordsByName.get('pause-test')?.windows, [window])
  t.strictSame(window.endpoints[0], {
    address: ledgers[0].address,
    pod: ledgers[0].pod.name,
    uid: ledgers[0].pod.uid,
    release: 'my-ledger',
  })
  t.same(cluster.held.size, 0, 'the Lease is free again')
  t.strictSame(
    events.map(({ code }) => code),
    ['note', 'pausing', 'paused', 'unpaused'],
    'the note: without a guard',
  )
})

t.test('intent, Lease and watch come before the first Pause, and nothing is written inside', async (t) => {
  const { context, cluster } = await three(t)
  await holdPause(context, async () => {
    t.strictSame([...new Set(cluster.calls)].sort(), [
      'releaseState',
      'takeLeases',
      'watch',
      'writeJournal',
      'writeRecord',
    ])
    t.match(cluster.recordsByName.get('pause-test'), { windows: [{ verdict: 'open' }] })
    t.match(cluster.journals.get('pause-test')?.steps, [{ name: 'pause 1: intent', finishedAt: String }])
    t.equal(cluster.held.get('my-ledger'), 'pause-test')
    cluster.calls.length = 0
    await sleep(50)
    t.strictSame(cluster.calls, [])
  })
})

t.test('the first Pause waits until window and intent are written, whichever takes longer', async (t) => {
  for (const [journalMs, recordMs] of [
    [200, 0],
    [0, 200],
  ]) {
    const { context, cluster } = await three(t)
    const { writeJournal, writeRecord } = cluster
    cluster.writeJournal = (...given) => sleep(journalMs).then(() => writeJournal(...given))
    cluster.writeRecord = (...given) => sleep(recordMs).then(() => writeRecord(...given))
    await holdPause(context, async () => {
      t.match(cluster.recordsByName.get('pause-test'), { windows: [{ verdict: 'open' }] })
      t.match(cluster.journals.get('pause-test')?.steps, [{ name: 'pause 1: intent', finishedAt: String }])
    })
  }
})

t.test('all else is ready when the guard comes; where none does, all is let go', async (t) => {
  const { ledgers, cluster } = await three(t)
  const coming = Promise.withResolvers<[]>()
  const guarded = pauseRequest({ pause: { drainMs: 1000, maxPauseMs: 20_000, guard: true } })
  const { context } = await contextOf(guarded, cluster, { ...noGuard, arrival: () => coming.promise })
  const failure = failureOf(holdPause(context, async () => t.fail('went inside')))
  await until('what needs no guard', () =>
    ['takeLeases', 'watch', 'writeJournal'].every((call) => cluster.calls.includes(call)),
  )
  t.equal(cluster.held.get('my-ledger'), 'pause-test')
  t.equal(openPauses(context.journal).length, 0, 'nothing is intended yet')
  t.strictSame(pauses(ledgers), [])
  coming.reject(new Failure({ what: 'no guard', why: 'its pod waits', next: 'wait' }))
  t.equal((await failure).what, 'no guard')
  t.equal(cluster.held.size, 0)
  t.strictSame(pauses(ledgers), [])
  t.strictSame(context.record.current.windows, [])
})

t.test('one that cannot drain: the others are unpaused, that one is left alone, and the error names it', async (t) => {
  const { ledgers, context, cluster } = await three(t, { pause: { drainMs: 200, maxPauseMs: 20_000, guard: false } })
  ledgers[2].gate.occupy()
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure.why, `${ledgers[2].pod.name} (${ledgers[2].address})`)
  t.match(failure.what, '1 of 3')
  t.strictSame(open(ledgers), [true, true, true])
  t.strictSame(ledgers.map(unpauses), [1, 1, 0])
  t.match(cluster.recordsByName.get('pause-test'), { windows: [{ verdict: 'void' }], stillPaused: { length: 0 } })
})

t.test('the first refusal ends the attempt: nobody stays closed until the slowest drain is over', async (t) => {
  const { ledgers, context } = await three(t, { pause: { drainMs: 15_000, maxPauseMs: 60_000, guard: false } })
  ledgers[0].faults.set({ fail: { Pause: { code: 'PERMISSION_DENIED', forMs: 60_000 } } })
  ledgers[1].gate.occupy()
  const begunMs = Date.now()
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.ok(Date.now() - begunMs < 10_000, `${Date.now() - begunMs} ms`)
  t.match(failure.why, ledgers[0].pod.name)
  t.strictSame(open(ledgers), [true, true, true])
  t.equal(unpauses(ledgers[0]), 0, 'what was refused is not ours to open')
  t.strictSame(context.record.current.stillPaused, [])
})

t.test('of ports without the admin service none counts as paused, whichever answers first', async (t) => {
  const { ledgers, context } = await three(t, { pause: { drainMs: 1000, maxPauseMs: 60_000, guard: false } })
  for (const ledger of ledgers) ledger.pod.adminPort = ledger.otherPort
  const begunMs = Date.now()
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure, { why: /no admin service answers on this port/, next: /--admin-port/ })
  t.ok(Date.now() - begunMs < 30_000, `${Date.now() - begunMs} ms, where an Unpause in vain is tried for two minutes`)
  t.strictSame(context.record.current.stillPaused, [])
})

t.test('an answer that never comes is undone, since the server may have paused', async (t) => {
  const { ledgers, context } = await three(t, { pause: { drainMs: 200, maxPauseMs: 1000, guard: false } })
  ledgers[1].faults.set({ hang: ['Pause'] })
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure.why, /longer than 1.0 s/)
  t.strictSame(open(ledgers), [true, true, true])
  t.strictSame(ledgers.map(unpauses), [1, 1, 1])
})

t.test('the longest pause ends everything, whatever the work inside does', async (t) => {
  const { ledgers, context } = await three(t, { pause: { drainMs: 1000, maxPauseMs: 2000, guard: false } })
  const started = Date.now()
  let told = false
  const failure = await failureOf(
    holdPause(context, async ({ signal }) => {
      signal.addEventListener('abort', () => (told = true))
      await sleep(60_000, undefined, { ref: false })
    }),
  )
  t.type(failure, PauseCutShort)
  t.match(failure.next, '--max-pause')
  t.ok(told)
  t.ok(Date.now() - started < 30_000)
  t.strictSame(open(ledgers), [true, true, true])
})

t.test('SIGTERM unpauses and passes its reason on, which the record says', async (t) => {
  const { ledgers, context, stop, cluster } = await three(t)
  const reason = new Interrupted('SIGTERM')
  await t.rejects(
    holdPause(context, () => new Promise(() => setTimeout(() => stop.abort(reason), 50))),
    reason,
  )
  t.match(context.record.current.windows, [{ verdict: 'void', reasons: [/the worker was asked to end \(SIGTERM\)/] }])
  t.strictSame(open(ledgers), [true, true, true])
  t.match(
    cluster.journals.get('pause-test')?.steps.map(({ name }) => name),
    ['pause 1: intent', 'pause 1: ended'],
  )
})

t.test('a Lease that was lost ends the pause', async (t) => {
  const { ledgers, context, cluster } = await three(t)
  const lost = new Failure({ what: 'my-ledger is no longer held', why: 'x', next: 'y' })
  t.equal(
    await failureOf(holdPause(context, () => new Promise(() => setTimeout(() => cluster.loseLeases(lost), 50)))),
    lost,
  )
  t.strictSame(open(ledgers), [true, true, true])
})

t.test('an unpause that fails is tried until it is answered', async (t) => {
  const { ledgers, context } = await three(t)
  ledgers[0].faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 800 } } })
  const { window } = await holdPause(context, async () => undefined)
  t.equal(window.verdict, 'valid')
  t.strictSame(open(ledgers), [true, true, true])
})

t.test('a connection that broke inside is made again to unpause', async (t) => {
  const { ledgers, context } = await three(t)
  await holdPause(context, async () => {
    ledgers[0].stop()
    setTimeout(() => void ledgers[0].start(), 500)
  })
  t.strictSame(open(ledgers), [true, true, true])
})

t.test('a hundred servers are paused and unpaused within moments', async (t) => {
  const ledgers = await startLedgers(100)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const { context, events } = await contextOf(pauseRequest(), inMemoryCluster(ledgers.map(({ pod }) => pod)))
  const { window } = await holdPause(context, async () => undefined)
  const ms = Date.parse(window.allPausedAt ?? '') - Date.parse(window.pauseSentAt)
  t.comment(`paused in ${ms} ms`)
  t.ok(ms < 10_000, 'servers and worker share one thread here, and two cores with everything else')
  t.equal(events.length, 4)
})
