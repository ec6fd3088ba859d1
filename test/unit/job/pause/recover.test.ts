import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { endLeftoverPause } from '../../../../job/pause/recover.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { pausedBy } from '../../../../operation/outcome/outcome.ts'
import { openPauses } from '../../../../job/journal/pause-steps.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { killedInside, open, three, unpauses } from './three-ledgers.ts'

t.test('a worker killed in the pause: the next one unpauses what was ours, once, and voids the window', async (t) => {
  const { ledgers, cluster } = await killedInside(t)
  const [gone] = ledgers
  // Its container was started anew meanwhile and somebody else has paused it.
  cluster.pods = cluster.pods.map((pod) => (pod.uid === gone.pod.uid ? { ...pod, restarts: 1 } : pod))
  const next = await contextOf(pauseRequest(), cluster)
  t.equal(next.context.journal.resumed, true)
  cluster.held.set('my-ledger', 'pause-test')
  await endLeftoverPause(next.context)
  t.strictSame([...cluster.held], [], 'nor does its Lease stand in the way of the next operation')
  t.strictSame(open(ledgers), [false, true, true])
  t.match(next.context.record.current.windows, [
    { verdict: 'void', reasons: ['the worker was replaced while it held the pause'] },
  ])
  await endLeftoverPause(next.context)
  t.strictSame(ledgers.map(unpauses), [0, 1, 1])
  const third = await contextOf(pauseRequest(), cluster)
  await endLeftoverPause(third.context)
  t.strictSame(ledgers.map(unpauses), [0, 1, 1])
})

t.test(
  'a pause that has ended is closed in the journal and the record before the look that may take minutes',
  async (t) => {
    const { ledgers, context, cluster } = await three(t)
    const look = cluster.releaseState
    const { window } = await holdPause(context, async () => {
      cluster.releaseState = async (...given) => {
        const endMs = Date.now() + 60_000
        while (Date.now() < endMs && openPauses(context.journal).length > 0) await sleep(10)
        // A successor comes while this worker still looks, and somebody else has paused by then.
        await ledgers[0].gate.pause(undefined)
        const { context: next } = await contextOf(pauseRequest(), cluster)
        t.strictSame(pausedBy(next.record.current), [])
        await endLeftoverPause(next)
        t.strictSame(open(ledgers), [false, true, true])
        return look(...given)
      }
    })
    t.equal(window.verdict, 'valid')
  },
)

t.test(
  "the journal's last word was lost, but the record says that all were unpaused: a later pause is left alone",
  async (t) => {
    const { ledgers, context, cluster } = await three(t)
    const write = cluster.writeJournal
    cluster.writeJournal = async (journal) => {
      if (journal.steps.some(({ name }) => name === 'pause 1: ended')) throw new Error('the API server is away')
      await write(journal)
    }
    await t.rejects(
      holdPause(context, async () => undefined),
      { message: 'the API server is away' },
    )
    t.strictSame(open(ledgers), [true, true, true])
    cluster.writeJournal = write
    await ledgers[0].gate.pause(undefined)
    const { context: next } = await contextOf(pauseRequest(), cluster)
    await endLeftoverPause(next)
    t.strictSame(open(ledgers), [false, true, true])
    t.strictSame(openPauses(next.journal), [])
    t.equal(next.record.current.windows[0]?.verdict, 'void')
  },
)

t.test('what the guard has unpaused by then may be paused by somebody else, and is left alone', async (t) => {
  const { ledgers, context, cluster } = await killedInside(t)
  const [first] = ledgers
  const { address } = context.record.current.windows[0]?.endpoints[0] ?? { address: '' }
  await cluster.writeGuardReport('pause-test', {
    pod: 'guard',
    node: 'two',
    interventions: [
      { at: '2026-11-21T00:00:00.000Z', pause: 1, why: 'the worker is gone', unpaused: [address], stillPaused: [] },
    ],
  })
  const next = await contextOf(pauseRequest(), cluster)
  await endLeftoverPause(next.context)
  t.strictSame(open(ledgers), [false, true, true])
  t.equal(unpauses(first), 0)
})

t.test(
  'a worker killed in the pause: the next one unpauses all, where the API server does not say what became of them',
  async (t) => {
    for (const scalarPods of [
      () => new Promise<never>(() => undefined),
      () => Promise.reject(new Error('no answer')),
    ]) {
      const { ledgers, cluster } = await killedInside(t)
      const next = await contextOf(pauseRequest(), Object.assign(cluster, { scalarPods }))
      await endLeftoverPause(next.context)
      t.strictSame(open(ledgers), [true, true, true])
    }
  },
)
