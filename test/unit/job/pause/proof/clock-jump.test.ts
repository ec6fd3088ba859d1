import t from 'tap'
import { holdPause } from '../../../../../job/pause/hold-pause.ts'
import { clockStep } from '../../../../../job/pause/proof/clock-jump.ts'
import { inMemoryCluster } from '../../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../../pausing-context.ts'
import { startLedger } from '../../servers/ledgers.ts'

const before = { wallMs: 1_790_000_000_000, monotonicMs: 5000 }
const after = (wall: number, monotonic: number) => ({
  wallMs: before.wallMs + wall,
  monotonicMs: before.monotonicMs + monotonic,
})

t.test('a clock that goes as it should, or is slewed a little, is no reason', async (t) => {
  t.equal(clockStep(before, after(10_000, 10_000.4)), undefined)
  t.equal(clockStep(before, after(10_090, 10_000)), undefined)
})

t.test('a clock that was set makes the window void, with the numbers', async (t) => {
  t.match(clockStep(before, after(12_500, 10_000)), /forward by 2.5 s .*12500 ms passed by it, 10000 ms in truth/)
  t.match(clockStep(before, after(9850, 10_000)), /back by 150 ms/)
})

t.test('a pause in which the clock was set is void', async (t) => {
  const ledger = await startLedger()
  t.teardown(() => ledger.stop())
  const { context } = await contextOf(pauseRequest(), inMemoryCluster([ledger.pod]))
  const truth = Date.now
  t.teardown(() => (Date.now = truth))
  const { window } = await holdPause(context, async () => {
    Date.now = () => truth() + 700
  })
  t.match(window.verdict, 'void')
  t.match(window.reasons.join(), /was set forward by (69|70)\d ms in the pause/)
  t.equal(ledger.gate.isOpen, true)
})
