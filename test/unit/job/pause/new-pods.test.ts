import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ReleasePod } from '../../../../job/kubernetes/cluster.ts'
import { openPauses } from '../../../../job/journal/pause-steps.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest, type TestContext } from '../pausing-context.ts'
import { startLedger, startLedgers, type Ledger } from '../servers/ledgers.ts'

interface Scene extends TestContext<'pause'> {
  first: Ledger
  cluster: InMemoryCluster
}

async function scene(t: Test): Promise<Scene> {
  const [first] = (await startLedgers(1)) as [Ledger]
  t.teardown(() => first.stop())
  const cluster = inMemoryCluster([first.pod])
  return { first, cluster, ...(await contextOf(pauseRequest(), cluster)) }
}

/** A pod appears, without an address, then with one; nothing listens there before its Ledger runs. */
async function join(t: Test, cluster: InMemoryCluster, more: Partial<ReleasePod> = {}): Promise<Ledger> {
  const ledger = await startLedger()
  t.teardown(() => ledger.stop())
  const pod = { ...ledger.pod, ready: false, ...more }
  cluster.pods = [...cluster.pods, pod]
  cluster.change({ of: 'pod', name: pod.name, now: { ...pod, ip: '', ready: false } })
  cluster.change({ of: 'pod', name: pod.name, before: { ...pod, ip: '', ready: false }, now: { ...pod, ready: false } })
  return ledger
}

async function becomes(what: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && !what(); tries += 1) await sleep(20)
  return what()
}

t.test('a pod that joins is paused before it serves, journaled first, and unpaused with all others', async (t) => {
  const { context, cluster, events } = await scene(t)
  let joined: Ledger | undefined
  const { window } = await holdPause(context, async () => {
    joined = await join(t, cluster)
    t.ok(
      await becomes(() =>
        events.some(({ message }) => message.includes('joined in the pause and was paused before it served')),
      ),
    )
    t.equal(joined.gate.isOpen, false)
    t.match(openPauses(context.journal), [
      { number: 1, intent: { servers: [{}, { address: joined.address }], restarts: { [joined.pod.uid]: 0 } } },
    ])
  })
  t.equal(joined?.gate.isOpen, true)
  t.strictSame(window.verdict, 'valid')
  t.equal(window.reasons.at(-1), `pod ${joined?.pod.name} joined in the pause and was paused before it served`)
  t.equal(window.endpoints.length, 2)
  t.strictSame(openPauses(context.journal), [])
})

t.test(
  'one that was ready before it was paused makes the window void, is paused all the same, and unpaused',
  async (t) => {
    const { context, cluster } = await scene(t)
    let joined: Ledger | undefined
    const { window } = await holdPause(context, async () => {
      joined = await join(t, cluster, { ready: true })
      const { gate } = joined
      t.ok(await becomes(() => !gate.isOpen))
      await sleep(50)
    })
    t.equal(joined?.gate.isOpen, true)
    t.match(window, { verdict: 'void', reasons: [new RegExp(`pod ${joined?.pod.name} appeared`)] })
  },
)

t.test('one that had not begun to serve when the pause ended does no harm; one that had, unseen, does', async (t) => {
  for (const ready of [false, true]) {
    const { context, cluster, first } = await scene(t)
    const late: ReleasePod = { ...first.pod, name: 'late', uid: 'late', ip: '', ready }
    const { window } = await holdPause(context, async () => {
      cluster.pods = [...cluster.pods, late]
    })
    t.equal(window.verdict, ready ? 'void' : 'valid')
    t.match(
      window.reasons.at(-1),
      ready ? /pod late appeared/ : /pod late joined in the pause and had not begun to serve/,
    )
  }
})

t.test('one that somebody unpauses makes the window void', async (t) => {
  const { context, cluster, events } = await scene(t)
  const { window } = await holdPause(context, async () => {
    const joined = await join(t, cluster)
    await becomes(() => events.some(({ message }) => message.includes('was paused before it served')))
    joined.gate.open()
  })
  t.match(window, { verdict: 'void', reasons: [/was unpaused by somebody else/] })
})

t.test('one whose Pause is never answered is unpaused', async (t) => {
  const { context, cluster } = await scene(t)
  context.request.pause = { ...context.request.pause, drainMs: 200 }
  let joined: Ledger | undefined
  const { window } = await holdPause(context, async () => {
    joined = await join(t, cluster, { ready: false })
    joined.faults.set({ hang: ['Pause'] })
    const { gate } = joined
    t.ok(await becomes(() => !gate.isOpen))
  })
  t.equal(joined?.gate.isOpen, true)
  t.equal(window.verdict, 'valid')
  t.match(window.reasons.at(-1), /had not begun to serve/)
})

t.test('one that cannot be journaled is not paused', async (t) => {
  const { context, cluster } = await scene(t)
  let joined: Ledger | undefined
  const write = cluster.writeJournal
  await holdPause(context, async () => {
    cluster.writeJournal = () => Promise.reject(new Error('the API server is away'))
    joined = await join(t, cluster)
    await sleep(300)
    cluster.writeJournal = write
  })
  t.strictSame(joined?.log, [])
})
