import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { allOpen, open, scene, until } from './guarded-scene.ts'
import { pausingProcess } from './pausing-process.ts'

// What reaches a server late, or not at first: the guard's Unpause, and the Pause of a worker that is dead.

t.test('a server that the guard cannot unpause at first is tried until it answers', async (t) => {
  const s = await scene(t)
  s.startGuard()
  const worker = await pausingProcess(t, s)
  s.ledgers[1]?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 5000 } } })
  worker.kill('SIGKILL')
  await until('the others', () => open(s.ledgers).filter(Boolean).length === 2)
  await until('the last', () => allOpen(s.ledgers))
})

t.test("a dead worker's Pause that takes effect after the guard's Unpause is undone as well", async (t) => {
  const s = await scene(t, { changes: { pause: { drainMs: 3000, maxPauseMs: 20_000, guard: true } } })
  s.startGuard()
  const worker = await pausingProcess(t, s)
  worker.kill('SIGKILL')
  await until('the unpause', () => allOpen(s.ledgers))
  // As one would that the kernel delivered late, or that waited for its turn.
  await s.ledgers[0]?.gate.pause(undefined)
  t.ok((await until('it serves again', () => allOpen(s.ledgers))) < 15_000)
})

t.test("what is paused some seconds after the guard has unpaused is somebody else's, and left alone", async (t) => {
  const s = await scene(t, { changes: { pause: { drainMs: 10_000, maxPauseMs: 20_000, guard: true } } })
  s.startGuard()
  const worker = await pausingProcess(t, s)
  // Longer than an unpaused server is looked after, and than its Pause may still be on its way.
  await sleep(4000)
  worker.kill('SIGKILL')
  await until('the unpause', () => allOpen(s.ledgers))
  await sleep(4000)
  await s.ledgers[0]?.gate.pause(undefined)
  await sleep(1500)
  t.equal(s.ledgers[0]?.gate.isOpen, false)
})

t.test(
  "a cut kept the guard's Unpause from a server, and a dead worker's Pause for as long again: it is undone",
  async (t) => {
    const s = await scene(t, { count: 1 })
    s.startGuard()
    const worker = await pausingProcess(t, s)
    const [cut] = s.ledgers
    cut?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 6000 } } })
    worker.kill('SIGKILL')
    await until('the unpause', () => allOpen(s.ledgers))
    await sleep(4500)
    await cut?.gate.pause(undefined)
    t.ok((await until('it serves again', () => allOpen(s.ledgers))) < 15_000)
  },
)

t.test(
  'a cut server whose Pause had been answered long before is not looked after: ' +
    "what is paused there next is somebody else's",
  async (t) => {
    const s = await scene(t, { count: 1 })
    s.startGuard()
    const worker = await pausingProcess(t, s)
    await sleep(11_000)
    const [cut] = s.ledgers
    cut?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 1500 } } })
    worker.kill('SIGKILL')
    await until('the unpause', () => allOpen(s.ledgers))
    await sleep(1000)
    await cut?.gate.pause(undefined)
    await sleep(1500)
    t.equal(cut?.gate.isOpen, false)
  },
)
