import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import type { Ledger } from '../servers/ledgers.ts'
import { open, three, type Scene } from './three-ledgers.ts'

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
    const endMs = Date.now() + 60_000
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

t.test('addresses given by hand that leave a pod of the release out prove nothing', async (t) => {
  const { ledgers, context } = await three(t)
  context.request.target = { ...context.request.target, addresses: [ledgers[0].address, ledgers[1].address] }
  context.cluster.scalarPods = async () => []
  const { window } = await holdPause(context, async () => t.strictSame(open(ledgers), [false, false, true]))
  t.match(window, { verdict: 'void' })
})
