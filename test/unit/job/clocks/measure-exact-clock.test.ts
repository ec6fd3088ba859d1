import t from 'tap'
import { measureExactClock } from '../../../../job/clocks/measure-exact-clock.ts'

const signal = new AbortController().signal

/** A worker's clock that goes on only when it is told to. */
function handClock() {
  let ms = 1_000_000
  return {
    pass: (byMs: number) => void (ms += byMs),
    now: () => ms,
    clock: { read: () => ({ wallMs: Math.floor(ms), monotonicMs: ms }), sleep: () => Promise.resolve() },
  }
}

t.test('the offset lies between what the slowest and the fastest answers allow', async (t) => {
  const { clock, now, pass } = handClock()
  const ways = [40, 8, 1]
  let asked = 0
  const measured = await measureExactClock(
    async () => {
      const wayMs = ways[Math.min(asked, ways.length - 1)] ?? 1
      asked += 1
      pass(wayMs)
      const told = now() + 250.7
      pass(wayMs)
      return told
    },
    { signal, clock },
  )
  t.equal(measured?.samples, 3, 'it asks until it knows enough, and no longer')
  t.ok(measured !== undefined && measured.lowMs <= 250.7 && measured.highMs >= 250.7)
  t.ok(measured !== undefined && measured.highMs - measured.lowMs <= 8)
})

t.test('answers that contradict each other, and none, are no measurement', async (t) => {
  const { clock, now, pass } = handClock()
  let asked = 0
  const contradicting = async () => {
    pass(4)
    asked += 1
    return now() + asked * 1_000
  }
  t.equal(await measureExactClock(contradicting, { signal, clock }), undefined)
  t.equal(await measureExactClock(() => Promise.reject(new Error('gone')), { signal, clock }), undefined)
  await t.rejects(
    measureExactClock(() => Promise.resolve(0), { signal: AbortSignal.abort(new Error('told to stop')), clock }),
    /told to stop/,
  )
})
