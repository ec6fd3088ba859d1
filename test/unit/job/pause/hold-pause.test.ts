import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { PauseCutShort } from '../../../../job/guard/in-worker/errors.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { endLeftoverPause } from '../../../../job/pause/recover.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { Failure } from '../../../../operation/failure.ts'
import { noGuard, type GuardLink } from '../../../../job/guard/in-worker/guard-link.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'
import { open, pauses, three, unpauses, type Scene } from './three-ledgers.ts'

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
    ['note', 'paused', 'unpaused'],
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

t.test('pods that somebody else paused: refused, nothing touched, theirs goes on', async (t) => {
  const { ledgers, context } = await three(t)
  await ledgers[1].gate.pause(undefined)
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure.why, ledgers[1].pod.name)
  t.notMatch(failure.why, ledgers[0].pod.name)
  t.equal(failure.exitCode, 1)
  t.strictSame(pauses(ledgers), [])
  t.strictSame(open(ledgers), [true, false, true])
})

t.test('a pause of somebody else that began while the guard was waited for: refused, theirs goes on', async (t) => {
  const { ledgers, context } = await three(t)
  const watch = context.cluster.watchReleases
  context.cluster.watchReleases = async (...given) => {
    await ledgers[0].gate.pause(undefined)
    return watch(...given)
  }
  t.match(await failureOf(holdPause(context, async () => t.fail('went inside'))), {
    what: /somebody else has paused already/,
  })
  t.strictSame(open(ledgers), [false, true, true])
  t.strictSame(pauses(ledgers), [])
  t.equal(context.record.current.windows.length, 0)
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

t.test(
  'a rival that pauses while the journal is written: refused, theirs goes on, and nothing is left open',
  async (t) => {
    const { ledgers, context, cluster } = await three(t)
    const write = context.cluster.writeJournal
    context.cluster.writeJournal = async (journal) => {
      await write(journal)
      if (journal.steps.some(({ name, finishedAt }) => name === 'pause 1: intent' && finishedAt !== undefined))
        await ledgers[0].gate.pause(undefined)
    }
    t.match(await failureOf(holdPause(context, async () => t.fail('went inside'))), {
      what: /somebody else has paused already/,
    })
    t.strictSame(pauses(ledgers), [])
    t.strictSame(ledgers.map(unpauses), [0, 0, 0])
    t.strictSame(context.record.current.windows, [])
    const next = await contextOf(pauseRequest(), cluster)
    await endLeftoverPause(next.context)
    t.strictSame(open(ledgers), [false, true, true], 'nor does the next worker end it')
  },
)

t.test(
  "a rival that pauses between the last look and our Pause: ours are undone, the rival's is left alone",
  async (t) => {
    const { ledgers, context } = await three(t, { pause: { drainMs: 300, maxPauseMs: 20_000, guard: false } })
    const guard: GuardLink = {
      ...noGuard,
      async hold(...given) {
        const begin = () => {
          ledgers[0].gate.occupy()
          void ledgers[0].gate.pause(undefined)
        }
        return { ...(await noGuard.hold(...given)), begin }
      },
    }
    const failure = await failureOf(holdPause({ ...context, guard }, async () => t.fail('went inside')))
    t.match(failure.why, /paused by somebody else/)
    t.strictSame(open(ledgers), [false, true, true])
    t.equal(unpauses(ledgers[0]), 0)
  },
)

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

t.test('SIGTERM before the pause touches nothing', async (t) => {
  const { ledgers, context, stop } = await three(t)
  stop.abort(new Interrupted('SIGTERM'))
  await t.rejects(holdPause(context, async () => t.fail('went inside')))
  t.strictSame(pauses(ledgers), [])
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

t.test('a release that another operation has: refused with its name, nothing touched', async (t) => {
  const { ledgers, context, cluster } = await three(t)
  cluster.held.set('my-ledger', 'restore-other')
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure.why, 'restore-other')
  t.strictSame(pauses(ledgers), [])
})

t.test('pods that are not ready: refused before anything is paused', async (t) => {
  const { ledgers, context, cluster } = await three(t)
  cluster.pods = cluster.pods.map((pod, index) =>
    index === 1 ? { ...pod, ready: false, trouble: 'CrashLoopBackOff' } : pod,
  )
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure.why, /CrashLoopBackOff/)
  t.strictSame(pauses(ledgers), [])
})

t.test('a server that cannot be reached: refused before anything is paused, with the reason', async (t) => {
  const { ledgers, context } = await three(t)
  ledgers[1].stop()
  const failure = await failureOf(holdPause(context, async () => t.fail('went inside')))
  t.match(failure.why, /nothing listens on port/)
  t.strictSame(pauses(ledgers), [])
})

t.test('what makes a window void', async (t) => {
  const cases: Record<string, { inside: (scene: Scene) => void; reason: RegExp }> = {
    "a pod's proxy that restarted": {
      inside: ({ cluster }) =>
        (cluster.pods = cluster.pods.map((pod, index) => (index === 0 ? { ...pod, otherRestarts: 1 } : pod))),
      reason: /was restarted/,
    },
    'a pod that restarted': {
      inside: ({ cluster }) =>
        (cluster.pods = cluster.pods.map((pod, index) => (index === 0 ? { ...pod, restarts: 1 } : pod))),
      reason: /was restarted/,
    },
    'a pod that vanished': { inside: ({ cluster }) => cluster.pods.pop(), reason: /vanished/ },
    'a pod that appeared': {
      inside: ({ cluster }) => cluster.pods.push({ ...(cluster.pods[0] as Ledger['pod']), name: 'new', uid: 'new' }),
      reason: /pod new appeared/,
    },
    'a pod that was replaced under its name': {
      inside: ({ cluster }) => (cluster.pods = cluster.pods.map((pod) => ({ ...pod, uid: `${pod.uid}b` }))),
      reason: /was replaced/,
    },
    'a rollout': {
      inside: ({ cluster }) =>
        (cluster.facts['Deployment/x'] = { kind: 'Deployment', uid: 'd', generation: 2, replicas: 3 }),
      reason: /Deployment x appeared/,
    },
    'a pod that came and went': {
      inside: ({ cluster }) =>
        cluster.change({
          of: 'pod',
          name: 'brief',
          now: { ...(cluster.pods[0] as Ledger['pod']), name: 'brief', uid: 'brief' },
        }),
      reason: /pod brief appeared/,
    },
    'a pod that somebody unpaused': {
      inside: ({ ledgers }) => ledgers[2].gate.open(),
      reason: /was unpaused by somebody else/,
    },
    'an error inside': {
      inside: () => {
        throw new Error('the snapshot failed')
      },
      reason: /the snapshot failed/,
    },
  }
  for (const [name, { inside, reason }] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const scene = await three(t)
      await holdPause(scene.context, async () => inside(scene)).catch((error: unknown) => t.match(error, reason))
      const [window] = scene.context.record.current.windows
      t.match(window, { verdict: 'void', reasons: [reason] })
      t.strictSame(open(scene.ledgers), [true, true, true])
    })
  }
})

t.test(
  'servers that cannot say whether they are paused: the window holds, and says what was not checked',
  async (t) => {
    const { context } = await three(t, {}, '2')
    const { window } = await holdPause(context, async () => undefined)
    t.equal(window.verdict, 'valid')
    t.equal(window.reasons.length, 4)
    t.equal(window.checkedEveryMs, undefined)
    t.match(window.reasons[0], /cannot say whether it is paused/)
  },
)

t.test('a server that was opened and paused again inside makes the window void, and is named at once', async (t) => {
  const { ledgers, context, events } = await three(t)
  const { window } = await holdPause(context, async () => {
    ledgers[1].gate.open()
    const endMs = Date.now() + 15_000
    while (Date.now() < endMs && !events.some(({ message }) => message.includes('was unpaused'))) await sleep(20)
    await ledgers[1].gate.pause(undefined)
  })
  t.equal(window.verdict, 'void')
  t.strictSame(window.reasons, [`pod ${ledgers[1].pod.name} (${ledgers[1].address}) was unpaused by somebody else`])
  t.strictSame(open(ledgers), [true, true, true])
})

t.test('the record says how far apart the looks were; a look without an answer counts for nothing', async (t) => {
  const { ledgers, context, cluster } = await three(t)
  const short = await holdPause(context, () => sleep(4000))
  t.equal(short.window.verdict, 'valid')
  t.ok((short.window.checkedEveryMs ?? 0) >= 900 && (short.window.checkedEveryMs ?? Infinity) < 3900)
  const next = await contextOf(pauseRequest({ operation: 'pause-mute' }), cluster)
  const long = await holdPause(next.context, async () => {
    ledgers[0].faults.set({ fail: { CheckPaused: { code: 'UNAVAILABLE', forMs: 60_000 } } })
    await sleep(2500)
    ledgers[0].faults.set({})
  })
  t.equal(long.window.verdict, 'valid')
  t.ok((long.window.checkedEveryMs ?? 0) >= 2400)
  t.strictSame(cluster.recordsByName.get('pause-mute')?.windows, [long.window])
})

t.test('a pod that died in the pause is not waited for', async (t) => {
  const { ledgers, context, cluster } = await three(t)
  await holdPause(context, async () => {
    ledgers[1].stop()
    cluster.pods = cluster.pods.filter(({ uid }) => uid !== ledgers[1].pod.uid)
  })
  t.match(context.record.current, { stillPaused: { length: 0 }, windows: [{ verdict: 'void' }] })
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

t.test('addresses given by hand that leave a pod of the release out prove nothing', async (t) => {
  const { ledgers, context } = await three(t)
  context.request.target = { ...context.request.target, addresses: [ledgers[0].address, ledgers[1].address] }
  context.cluster.scalarPods = async () => []
  const { window } = await holdPause(context, async () => t.strictSame(open(ledgers), [false, false, true]))
  t.match(window, { verdict: 'void' })
})

t.test('a hundred servers are paused and unpaused within moments', async (t) => {
  const ledgers = await startLedgers(100)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const { context, events } = await contextOf(pauseRequest(), inMemoryCluster(ledgers.map(({ pod }) => pod)))
  const { window } = await holdPause(context, async () => undefined)
  const ms = Date.parse(window.allPausedAt ?? '') - Date.parse(window.pauseSentAt)
  t.comment(`paused in ${ms} ms`)
  t.ok(ms < 10_000, 'servers and worker share one thread here, and two cores with everything else')
  t.equal(events.length, 3)
})
