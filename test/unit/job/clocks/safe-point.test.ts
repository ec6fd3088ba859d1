import t from 'tap'
import { clockRecord, clockRecordSchema } from '../../../../job/clocks/clock-record.ts'
import { holdUntilSafe } from '../../../../job/clocks/hold-until-safe.ts'
import { measureClock } from '../../../../job/clocks/measure-clock.ts'
import { offsetNow, safePoint, withoutMeasurement } from '../../../../job/clocks/safe-point.ts'
import { failureOf } from '../failure-of.ts'
import { numbers, simulatedClocks } from './simulated-clocks.ts'

const never = new AbortController().signal

t.test(
  'the point lies inside the pause for every offset that was possible, and no pause could be shorter',
  async (t) => {
    const random = numbers(11)
    for (let turn = 0; turn < 2000; turn++) {
      const fromMs = Math.floor(1_790_000_000_000 + random() * 100_000)
      const lowMs = Math.floor((random() - 0.5) * 10_000)
      const highMs = lowMs + Math.floor(random() * 300)
      const granularityMs = random() < 0.5 ? 1000 : 1
      const { pointMs, untilMs } = safePoint({ fromMs, offset: { lowMs, highMs }, granularityMs })
      const inside = (offset: number) => pointMs > fromMs + offset && pointMs < untilMs + offset
      const needless = untilMs - fromMs > highMs - lowMs + granularityMs + 1
      if (!inside(lowMs) || !inside(highMs) || pointMs % granularityMs !== 0 || needless) {
        t.fail(JSON.stringify({ fromMs, lowMs, highMs, granularityMs, pointMs, untilMs }))
        return
      }
    }
    t.pass('2000 turns')
  },
)

t.test('without a measurement the pause lasts 5 s, and the point is a whole second in its middle', async (t) => {
  for (const fromMs of [1_790_000_000_000, 1_790_000_000_001, 1_790_000_000_499, 1_790_000_000_999]) {
    const { pointMs, untilMs } = withoutMeasurement({ fromMs, granularityMs: 1000 })
    t.equal(untilMs, fromMs + 5000)
    t.equal(pointMs % 1000, 0)
    t.ok(Math.abs(pointMs - (fromMs + 2500)) <= 500, `${pointMs - fromMs}`)
  }
})

t.test(
  'from measurement to the end of the pause: drift, waiting and a clock that is set in between leave the point safe',
  async (t) => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = numbers(seed)
      const world = simulatedClocks({
        random,
        offsetMs: (random() - 0.5) * 5000,
        drift: (random() - 0.5) * 400e-6,
        latencyMs: 10,
        jitterMs: 30,
      })
      const measurement = await measureClock(world.sample, { clock: world.clock })
      world.pass(random() * 60_000)
      if (seed % 3 === 0) world.setWorkerForward((random() - 0.5) * 100_000)
      const from = { wallMs: Math.floor(world.wallNow()), service: world.serviceNow() }
      world.pass(random() * 5)
      const hold = {
        fromMs: from.wallMs,
        endsAtMs: from.wallMs + 60_000,
        measurement,
        granularityMs: 1000,
        signal: never,
      }
      const { pointMs, offset } = await holdUntilSafe(hold, world.clock)
      const lasted = world.serviceNow() - from.service
      if (offset === undefined || !(pointMs > from.service && pointMs < world.serviceNow()) || lasted > 1600) {
        t.fail(`seed ${seed}: ${pointMs} is not between ${from.service} and ${world.serviceNow()} (${lasted} ms)`)
        return
      }
    }
    t.pass('300 worlds')
  },
)

t.test('a clock that is set while the pause is held does not shorten it', async (t) => {
  const world = simulatedClocks({ random: numbers(3), offsetMs: 0 })
  const begun = world.serviceNow()
  const clock = {
    ...world.clock,
    sleep: (ms: number) => world.clock.sleep(ms / 2).then(() => world.setWorkerForward(60_000)),
  }
  const fromMs = Math.floor(world.wallNow())
  await holdUntilSafe(
    { fromMs, endsAtMs: fromMs + 60_000, measurement: undefined, granularityMs: 1000, signal: never },
    clock,
  )
  t.ok(world.serviceNow() - begun >= 5000, `${world.serviceNow() - begun} ms`)
})

t.test('a pause that may not last so long is refused at once, and SIGTERM ends the wait', async (t) => {
  const hold = { fromMs: Date.now(), endsAtMs: Date.now() + 4000, measurement: undefined, granularityMs: 1000 }
  const { text } = await failureOf(holdUntilSafe({ ...hold, signal: never }))
  t.match(text.next, '--max-pause')
  const stopped = AbortSignal.abort(new Error('stopped'))
  await t.rejects(holdUntilSafe({ ...hold, endsAtMs: hold.fromMs + 60_000, signal: stopped }), { message: 'stopped' })
})

t.test('the older a measurement, the less certain it is', async (t) => {
  const measurement = { lowMs: 10, highMs: 20, samples: 5, takenAt: { wallMs: 1_790_000_000_000, monotonicMs: 0 } }
  const later = offsetNow(measurement, { wallMs: 1_790_000_060_000, monotonicMs: 60_000 })
  t.same(later, { lowMs: -20, highMs: 50 })
})

t.test('a record keeps the measurement', async (t) => {
  const record = clockRecord({
    lowMs: 10,
    highMs: 20,
    samples: 5,
    takenAt: { wallMs: 1_790_000_000_000, monotonicMs: 0 },
  })
  t.same(clockRecordSchema.parse(JSON.parse(JSON.stringify(record))), record)
})
