import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openLink } from '../../../../job/guard/protocol/link.ts'
import { workerMessageSchema } from '../../../../job/guard/protocol/messages.ts'
import { signsOfLife } from '../../../../job/guard/process/signs-of-life.ts'
import { endedStep } from '../../../../job/journal/pause-steps.ts'
import { freePort } from '../../../stand-ins/free-port.ts'
import {
  allClosed,
  allOpen,
  guarded,
  open,
  scene,
  until,
  type GuardedScene,
  type RunningGuard,
} from './guarded-scene.ts'
import { guardPod } from './two-pods.ts'
import { rawWorker, type RawWorker } from './raw-link.ts'

const at = '2026-11-21T00:00:00.000Z'

/** A guard that holds a pause which the test has made, for a worker that the test speaks for. */
async function holding(t: Test, drainMs = 1000): Promise<GuardedScene & { worker: RawWorker; guard: RunningGuard }> {
  const s = await scene(t, { changes: { pause: { ...guarded, drainMs } } })
  s.cluster.held.set('my-ledger', 'pause-test')
  const worker = await rawWorker(t, s.port)
  const guard = s.startGuard()
  await until('the guard', () => worker.heard.some(({ say }) => say === 'hello'))
  worker.send({ say: 'hold', hold: holdOf(s) })
  await until('the hold', () => worker.heard.some((message) => message.say === 'holding' && message.servers === 3))
  for (const { gate } of s.ledgers) await gate.pause(undefined)
  return { ...s, worker, guard }
}

function holdOf({ ledgers }: GuardedScene) {
  return {
    pause: 1,
    servers: ledgers.map(({ address, pod }) => ({ address, uid: pod.uid })),
    restarts: Object.fromEntries(ledgers.map(({ pod }) => [pod.uid, 0])),
    releases: ['my-ledger'],
  }
}

t.test('the longest pause is over and the worker, though it lives, has not ended it', async (t) => {
  const s = await holding(t)
  s.worker.send({ say: 'begin', pause: 1, restMs: 500 })
  const ms = await until('the unpause', () => allOpen(s.ledgers))
  t.ok(ms > 2000 && ms < 15_000, `half a second, and two for the worker to do it: ${Math.round(ms)} ms`)
  s.worker.send({ say: 'release', pause: 1 })
  await until('the answer', () =>
    s.worker.heard.some((message) => message.say === 'released' && /longest pause/.test(message.fired ?? '')),
  )
  t.ok(s.worker.heard.some(({ say }) => say === 'fired'))
})

t.test('a worker that asks for help gets it, and is told which servers serve again', async (t) => {
  const s = await holding(t)
  s.worker.send({ say: 'help', pause: 1 })
  await until('the unpause', () => allOpen(s.ledgers))
  const told = () => s.worker.heard.flatMap((message) => (message.say === 'unpaused' ? message.addresses : []))
  await until('the word', () => told().length === 3)
  s.worker.send({ say: 'release', pause: 1 })
  await until('the answer', () => s.worker.heard.some(({ say }) => say === 'released'))
  t.notOk(
    s.worker.heard.some((message) => message.say === 'released' && message.fired !== undefined),
    'that was not on its own judgement',
  )
  await until('the report', () => /asked for it/.test(s.cluster.reports.get('pause-test')?.interventions[0]?.why ?? ''))
})

t.test(
  "a pause that was released is nothing to the guard any more: a later one of somebody else's is left alone",
  async (t) => {
    const s = await holding(t)
    s.worker.send({ say: 'release', pause: 1 })
    await until('the answer', () => s.worker.heard.some(({ say }) => say === 'released'))
    s.worker.close()
    await sleep(1500)
    t.ok(allClosed(s.ledgers))
  },
)

t.test(
  "the worker's last word was lost, but its journal shows that the pause had ended: " +
    "a later one of somebody else's is left alone",
  async (t) => {
    const s = await holding(t)
    s.cluster.journals.set('pause-test', {
      version: 1,
      operation: 'pause-test',
      steps: [{ name: endedStep(1), startedAt: at, finishedAt: at, result: { endedAt: at } }],
    })
    s.cluster.podsOfOperation = [guardPod]
    s.cluster.job = { phase: 'complete' }
    s.worker.close()
    t.equal(await s.guard.ended, 0)
    t.ok(allClosed(s.ledgers))
    t.equal(s.cluster.reports.size, 0, 'it did nothing, and has nothing to say')
  },
)

t.test(
  'a server that was cut off is looked after although the next worker says that all serve, until that pauses itself',
  async (t) => {
    const s = await holding(t)
    const [cut] = s.ledgers
    cut?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 4000 } } })
    s.worker.send({ say: 'begin', pause: 1, restMs: 20_000 })
    await sleep(50)
    s.worker.close()
    await until('the others', () => open(s.ledgers).filter(Boolean).length === 2)
    const next = await rawWorker(t, s.port)
    await until('the guard', () => next.heard.some(({ say }) => say === 'hello'))
    await sleep(2000)
    cut?.gate.open()
    next.send({ say: 'release', pause: 1 })
    await sleep(2500)
    await cut?.gate.pause(undefined)
    await until('it serves again', () => allOpen(s.ledgers))
    next.send({ say: 'hold', hold: { ...holdOf(s), pause: 2 } })
    next.send({ say: 'begin', pause: 2, restMs: 20_000 })
    await until('the hold', () => next.heard.some((message) => message.say === 'holding' && message.pause === 2))
    await cut?.gate.pause(undefined)
    await sleep(1500)
    t.equal(cut?.gate.isOpen, false)
  },
)

t.test(
  "once the next worker says that all serve, what is paused is somebody else's, whatever server is still looked after",
  async (t) => {
    const s = await holding(t, 10_000)
    const [cut, other] = s.ledgers
    cut?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 2000 } } })
    s.worker.send({ say: 'begin', pause: 1, restMs: 20_000 })
    await sleep(50)
    s.worker.close()
    await until('the others', () => open(s.ledgers).filter(Boolean).length === 2)
    const next = await rawWorker(t, s.port)
    await until('the guard', () => next.heard.some(({ say }) => say === 'hello'))
    next.send({ say: 'release', pause: 1 })
    await until('the answer', () => next.heard.some(({ say }) => say === 'released'))
    await other?.gate.pause(undefined)
    await sleep(1500)
    t.equal(other?.gate.isOpen, false)
  },
)

t.test('an API server that never answers what the journal says keeps no pause from its end', async (t) => {
  const s = await holding(t)
  s.cluster.readJournal = () => new Promise(() => undefined)
  s.worker.close()
  t.ok((await until('the unpause', () => allOpen(s.ledgers))) < 15_000)
})

t.test('a server that the guard cannot reach is named, and held once it can be', async (t) => {
  const s = await scene(t)
  s.ledgers[1]?.stop()
  const worker = await rawWorker(t, s.port)
  s.startGuard()
  await until('the guard', () => worker.heard.some(({ say }) => say === 'hello'))
  worker.send({ say: 'hold', hold: holdOf(s) })
  await until('its trouble', () =>
    worker.heard.some((message) => message.say === 'cannot-hold' && message.why.includes('nothing listens')),
  )
  await s.ledgers[1]?.start()
  await until('the hold', () => worker.heard.some(({ say }) => say === 'holding'))
})

t.test(
  'SIGTERM: a guard that holds something goes on; it ends once that is released, to be started again',
  async (t) => {
    const s = await holding(t)
    s.guard.stop()
    await sleep(1000)
    t.notOk(s.worker.heard.some(({ say }) => say === 'released'))
    s.worker.send({ say: 'release', pause: 1 })
    t.equal(await s.guard.ended, 143, 'not done: the operation goes on')
  },
)

t.test('a connection that breaks while the process lives is made again, and the pause goes on', async (t) => {
  const s = await scene(t)
  const inner = await freePort()
  const worker = await rawWorker(t, inner)
  const relayed = new Set<() => void>()
  const relay = createServer((near) => {
    const far = connect(inner, '127.0.0.1')
    near.pipe(far).pipe(near)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    relayed.add(() => near.resetAndDestroy())
    t.teardown(() => [near, far].forEach((socket) => socket.destroy()))
  })
  await new Promise<void>((resolve) => relay.listen(s.port, resolve))
  t.teardown(() => relay.close())
  s.startGuard()
  await until('the guard', () => worker.heard.some(({ say }) => say === 'hello'))
  worker.send({ say: 'hold', hold: holdOf(s) })
  await until('the hold', () => worker.heard.some(({ say }) => say === 'holding'))
  for (const { gate } of s.ledgers) await gate.pause(undefined)
  await sleep(700)
  relayed.forEach((reset) => reset())
  await until('the guard again', () => worker.heard.filter(({ say }) => say === 'hello').length === 2)
  await sleep(1000)
  t.strictSame(open(s.ledgers), [false, false, false])
})

t.test('done: the guard ends well', async (t) => {
  const s = await scene(t)
  const worker = await rawWorker(t, s.port)
  const guard = s.startGuard()
  await until('the guard', () => worker.heard.some(({ say }) => say === 'hello'))
  worker.send({ say: 'done' })
  t.equal(await guard.ended, 0)
})

t.test('a guard that stood still itself hears the worker out before it judges', async (t) => {
  const signs = signsOfLife()
  t.equal(signs.verdict(), undefined)
  // As if the whole process had been stopped.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000)
  t.equal(signs.verdict(), undefined)
})

t.test('whoever speaks otherwise is cut off', async (t) => {
  const port = await freePort()
  const heard: unknown[] = []
  const server = createServer((socket) =>
    openLink(socket, workerMessageSchema, { received: (message) => heard.push(message), closed: () => undefined }),
  )
  await new Promise<void>((resolve) => server.listen(port, resolve))
  t.teardown(() => server.close())
  for (const words of ['GET / HTTP/1.1\n', '{"say":"fire"}\n', `${'x'.repeat(5 << 20)}`]) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(words)
    await new Promise((resolve) => socket.on('close', resolve))
  }
  const split = connect(port, '127.0.0.1')
  split.write('{"say":"do')
  await sleep(50)
  split.write('ne"}\n{"say":"done"}\n')
  await until('both', () => heard.length === 2)
  split.destroy()
  t.strictSame(heard, [{ say: 'done' }, { say: 'done' }])
})

t.test(
  'what worker and guard end at the same time is reported as ended, although the guard has no answer',
  async (t) => {
    const s = await holding(t)
    s.ledgers[0]?.faults.set({ hang: ['Unpause'] })
    s.worker.send({ say: 'help', pause: 1 })
    await until('the others', () => open(s.ledgers).filter(Boolean).length >= 2)
    s.ledgers[0]?.gate.open()
    s.worker.send({ say: 'release', pause: 1 })
    s.worker.send({ say: 'done' })
    t.equal(await s.guard.ended, 0)
    t.match(s.cluster.reports.get('pause-test')?.interventions, [{ stillPaused: { length: 0 } }])
  },
)
