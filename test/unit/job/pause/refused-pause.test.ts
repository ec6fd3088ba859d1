import t from 'tap'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { endLeftoverPause } from '../../../../job/pause/recover.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { noGuard, type GuardLink } from '../../../../job/guard/in-worker/guard-link.ts'
import { failureOf } from '../failure-of.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { open, pauses, three, unpauses } from './three-ledgers.ts'

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

t.test('SIGTERM before the pause touches nothing', async (t) => {
  const { ledgers, context, stop } = await three(t)
  stop.abort(new Interrupted('SIGTERM'))
  await t.rejects(holdPause(context, async () => t.fail('went inside')))
  t.strictSame(pauses(ledgers), [])
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
