import t from 'tap'
import { clockStep } from '../../../../job/scalar-admin/clock-step.ts'

const before = { wallMs: 1_790_000_000_000, monotonicMs: 5000 }
const after = (wall: number, monotonic: number) => ({ wallMs: before.wallMs + wall, monotonicMs: before.monotonicMs + monotonic })

t.test('a clock that goes as it should, or is slewed a little, is no reason', async (t) => {
  t.equal(clockStep(before, after(10_000, 10_000.4)), undefined)
  t.equal(clockStep(before, after(10_090, 10_000)), undefined)
})

t.test('a clock that was set makes the window void, with the numbers', async (t) => {
  t.match(clockStep(before, after(12_500, 10_000)), /forward by 2.5 s .*12500 ms passed by it, 10000 ms in truth/)
  t.match(clockStep(before, after(9850, 10_000)), /back by 150 ms/)
})
