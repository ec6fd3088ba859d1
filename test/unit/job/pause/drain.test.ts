import t, { type Test } from 'tap'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { noGuard, type GuardLink } from '../../../../job/guard/in-worker/guard-link.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { startLedgers, untilClosed, type Ledger } from '../servers/ledgers.ts'

/**
 * Two servers; `between` happens after they were asked whether somebody has paused them, and before the first Pause.
 */
async function scene(t: Test, between: (first: Ledger) => void, drainMs = 300) {
  const [first, second] = (await startLedgers(2)) as [Ledger, Ledger]
  t.teardown(() => [first, second].forEach((ledger) => ledger.stop()))
  const request = pauseRequest({ pause: { drainMs, maxPauseMs: 20_000, guard: false } })
  const guard: GuardLink = {
    ...noGuard,
    hold: async (...given) => ({ ...(await noGuard.hold(...given)), begin: () => between(first) }),
  }
  return { first, second, ...(await contextOf(request, inMemoryCluster([first.pod, second.pod]), guard)) }
}

const unpauses = ({ log }: Ledger) => log.filter((line) => line === 'Unpause').length
const never = async () => {
  throw new Error('went inside')
}

t.test(
  "a rival tool's pause that is still draining is left alone, whatever it comes to; ours are undone",
  async (t) => {
    let rival: Promise<string> | undefined
    const { first, second, context } = await scene(t, ({ gate }) => {
      gate.occupy()
      rival = gate.pause(10_000)
    })
    const failure = await failureOf(holdPause(context, never))
    t.match(failure.why, /somebody else is pausing it at this moment/)
    t.match(failure.next, /let the other pause end/)
    t.strictSame([first, second].map(unpauses), [0, 1])
    first.gate.letOut()
    t.equal(await rival, 'PAUSED')
  },
)

t.test('somebody who unpauses in the drain: named, and ours are undone', async (t) => {
  const { first, second, context } = await scene(
    t,
    ({ gate }) => {
      gate.occupy()
      void untilClosed(gate).then(() => gate.open())
    },
    5000,
  )
  const failure = await failureOf(holdPause(context, never))
  t.match(failure.why, /somebody unpaused it while it was being paused/)
  t.strictSame(
    [first, second].map(({ gate }) => gate.isOpen),
    [true, true],
  )
  t.strictSame([first, second].map(unpauses), [0, 1])
})

t.test('requests that are done in time are waited for, and the window begins after them', async (t) => {
  const { context } = await scene(
    t,
    ({ gate }) => {
      gate.occupy()
      void untilClosed(gate).then(() => setTimeout(() => gate.letOut(), 400))
    },
    5000,
  )
  const { window } = await holdPause(context, async () => undefined)
  t.equal(window.verdict, 'valid')
  t.ok(Date.parse(window.allPausedAt ?? '') - Date.parse(window.pauseSentAt) >= 150)
})

t.test('a server that refuses outright has not been paused by us', async (t) => {
  for (const code of ['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED']) {
    const { first, second, context } = await scene(t, ({ faults }) =>
      faults.set({ fail: { Pause: { code, forMs: 60_000 } } }),
    )
    await failureOf(holdPause(context, never))
    t.equal(unpauses(first), 0, code)
    t.strictSame(
      [first, second].map(({ gate }) => gate.isOpen),
      [true, true],
      code,
    )
  }
})

t.test('a server that may have paused is unpaused: no answer, a fault of its own', async (t) => {
  for (const code of ['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED']) {
    const { first, second, context } = await scene(t, ({ faults }) =>
      faults.set({ fail: { Pause: { code, forMs: 60_000 } } }),
    )
    await failureOf(holdPause(context, never))
    t.ok(unpauses(first) >= 1, code)
    t.strictSame(
      [first, second].map(({ gate }) => gate.isOpen),
      [true, true],
    )
    t.match(context.record.current, { stillPaused: { length: 0 }, windows: [{ verdict: 'void' }] })
  }
})
