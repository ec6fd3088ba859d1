import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parseHttpDate, sampleDate } from '../../../../job/clocks/http-date.ts'
import { measureClock } from '../../../../job/clocks/measure-clock.ts'
import { numbers, simulatedClocks } from './simulated-clocks.ts'

t.test('whatever the clocks and the network are like, the true offset lies in what was measured', async (t) => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = numbers(seed)
    const offsetMs = (random() - 0.5) * 20_000
    const world = simulatedClocks({
      random,
      offsetMs,
      drift: (random() - 0.5) * 200e-6,
      latencyMs: random() * 60,
      jitterMs: random() * 150,
    })
    const measured = await measureClock(world.sample, { clock: world.clock })
    if (measured === undefined || measured.lowMs > world.offsetNow() || measured.highMs < world.offsetNow()) {
      t.fail(`seed ${seed}: ${world.offsetNow()} is not in ${JSON.stringify(measured)}`)
      return
    }
  }
  t.pass('400 worlds')
})

t.test('a near service is measured to within a few round trips, in a few seconds, by few requests', async (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const world = simulatedClocks({ random: numbers(seed), offsetMs: seed * 37 - 1500, latencyMs: 5, jitterMs: 2 })
    const begun = world.wallNow()
    const measured = await measureClock(world.sample, { clock: world.clock, spreadMs: 0 })
    const width = (measured?.highMs ?? Infinity) - (measured?.lowMs ?? 0)
    if (width > 40 || world.wallNow() - begun > 5000 || (measured?.samples ?? 0) > 50) {
      t.fail(`seed ${seed}: ${width} ms wide after ${world.wallNow() - begun} ms and ${measured?.samples} samples`)
      return
    }
  }
  t.pass('100 worlds')
})

t.test('hosts whose clocks are a little apart still give one answer, true for each of them', async (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = numbers(seed)
    const world = simulatedClocks({ random, offsetMs: 700, latencyMs: 0.2 })
    const apart = [0, 4, -1]
    const sample = async () => {
      const host = apart[Math.floor(random() * apart.length)] ?? 0
      world.setServiceForward(host)
      const one = await world.sample()
      world.setServiceForward(-host)
      return one
    }
    const measured = await measureClock(sample, { clock: world.clock, spreadMs: 5 })
    if (measured === undefined || apart.some((one) => measured.lowMs > 700 + one || measured.highMs < 700 + one)) {
      t.fail(`seed ${seed}: ${JSON.stringify(measured)}`)
      return
    }
  }
  t.pass('100 worlds')
})

t.test('a clock that was set once during the measurement is measured anew', async (t) => {
  const world = simulatedClocks({ random: numbers(7), offsetMs: 100 })
  let asked = 0
  const sample = () => {
    if (++asked === 6) world.setServiceForward(30_000)
    return world.sample()
  }
  const measured = await measureClock(sample, { clock: world.clock })
  t.ok(measured && measured.lowMs <= 30_100 && measured.highMs >= 30_100, JSON.stringify(measured))
})

t.test('a small step of the own clock makes the answer less certain, not wrong', async (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = numbers(seed)
    const world = simulatedClocks({ random, offsetMs: -3210 + seed, latencyMs: 1, jitterMs: 2 })
    let asked = 0
    const sample = () => {
      if (++asked === 2 + (seed % 12)) world.setWorkerForward(random() * 40 - 20)
      return world.sample()
    }
    const measured = await measureClock(sample, { clock: world.clock, spreadMs: 0 })
    if (measured === undefined || measured.lowMs > world.offsetNow() || measured.highMs < world.offsetNow()) {
      t.fail(`seed ${seed}: ${world.offsetNow()} is not in ${JSON.stringify(measured)}`)
      return
    }
  }
  t.pass('100 worlds')
})

t.test('nothing is said of a clock that jumps all the time, gives no Date, or does not answer', async (t) => {
  const jumping = simulatedClocks({ random: numbers(1), offsetMs: 0 })
  const sample = () => {
    jumping.setServiceForward(5000)
    return jumping.sample()
  }
  t.equal(await measureClock(sample, { clock: jumping.clock }), undefined)
  t.equal(await measureClock(() => Promise.resolve(undefined), { clock: jumping.clock }), undefined)
  t.equal(await measureClock(() => Promise.reject(new Error('refused')), { clock: jumping.clock }), undefined)
  t.equal(await measureClock(() => new Promise(() => {}), { budgetMs: 100 }), undefined)
})

t.test('a measurement ends with the reason of its signal', async (t) => {
  const stopped = new AbortController()
  stopped.abort(new Error('stopped'))
  await t.rejects(
    measureClock(() => Promise.resolve(undefined), { signal: stopped.signal }),
    { message: 'stopped' },
  )
})

t.test('a real HTTP server whose Date is shifted is measured', async (t) => {
  const shiftMs = 12_345
  const server = createServer((_, response) => {
    response.setHeader('Date', new Date(Date.now() + shiftMs).toUTCString())
    void sleep(5).then(() => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`
  const measured = await measureClock(() => sampleDate(async () => (await fetch(url)).headers.get('date')))
  // How narrow it is, a busy machine decides.
  t.ok(measured && measured.lowMs <= shiftMs && measured.highMs >= shiftMs, JSON.stringify(measured))
})

t.test('only a date as HTTP writes it is believed', async (t) => {
  t.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), 784111777000)
  for (const other of [
    '1994-11-06T08:49:37Z',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    '',
    null,
    undefined,
    'Sun, 99 Nov 1994 08:49:37 GMT',
  ]) {
    t.equal(parseHttpDate(other), undefined, String(other))
  }
})
