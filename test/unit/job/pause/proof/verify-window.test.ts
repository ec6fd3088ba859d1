import t, { type Test } from 'tap'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import { holdPause } from '../../../../../job/pause/hold-pause.ts'
import { inMemoryCluster } from '../../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../../pausing-context.ts'
import { startLedgers, type Ledger } from '../../servers/ledgers.ts'

async function scene(t: Test) {
  const [ledger] = (await startLedgers(1)) as [Ledger]
  t.teardown(() => ledger.stop())
  const cluster = inMemoryCluster([ledger.pod])
  return { ledger, cluster, ...(await contextOf(pauseRequest(), cluster)) }
}

t.test(
  'an API server that is away after the pause is waited for, with a word, and the window stays good',
  async (t) => {
    const { ledger, cluster, context, events } = await scene(t)
    const look = cluster.releaseState
    const back = Promise.withResolvers<void>()
    const { window } = await holdPause(context, async () => {
      cluster.releaseState = async (...given) => {
        t.equal(ledger.gate.isOpen, true, 'nothing is paused while it is waited for')
        setTimeout(back.resolve, 3500)
        await back.promise
        return look(...given)
      }
    })
    t.equal(window.verdict, 'valid')
    t.ok(events.some(({ message }) => message.startsWith('waiting for the API server')))
  },
)

t.test('one that never comes back makes it void with the reason; SIGTERM ends the wait', async (t) => {
  for (const stopped of [false, true]) {
    const { cluster, context, stop } = await scene(t)
    const { window } = await holdPause(context, async () => {
      cluster.releaseState = () =>
        stopped ? new Promise(() => undefined) : Promise.reject(new Error('connection refused'))
      if (stopped) setTimeout(() => stop.abort(new Interrupted('SIGTERM')), 300)
    })
    t.match(window, {
      verdict: 'void',
      reasons: [stopped ? /could not be compared .*SIGTERM/ : /could not be compared .*connection refused/],
    })
  }
})
