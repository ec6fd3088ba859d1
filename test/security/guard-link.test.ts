import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { guardLink } from '../../job/guard/in-worker/open-guard-link.ts'
import { connectWithKey, serverWithKey, type OperationKey } from '../../job/guard/protocol/operation-key.ts'
import { intentStep } from '../../job/journal/pause-steps.ts'
import { operationPods } from '../../job/kubernetes/operation-pods.ts'
import type { Api } from '../../job/kubernetes/api.ts'
import { holdPause } from '../../job/pause/hold-pause.ts'
import { freePort } from '../stand-ins/free-port.ts'
import { failureOf } from '../unit/job/failure-of.ts'
import { allClosed, allOpen, pauses, scene, until, workerOf } from '../unit/job/guard/guarded-scene.ts'
import { rawGuard } from '../unit/job/guard/raw-link.ts'
import { guardPod, key, workerPod } from '../unit/job/guard/two-pods.ts'

const other: OperationKey = { ...key, secret: Buffer.alloc(32, 8) }
/** As the guard of 0.1 began, and as anybody may who can read pods. */
const { uid, name: pod, node } = guardPod
const hello = `${JSON.stringify({ say: 'hello', uid, pod, node, run: 'r' })}\n`

/** What came back over a socket, and whether it was closed. */
function watched<S extends Socket>(t: Test, socket: S) {
  const seen = { socket, text: '', closed: false }
  socket.on('data', (chunk) => (seen.text += chunk.toString()))
  socket.on('error', () => undefined)
  socket.on('close', () => (seen.closed = true))
  t.teardown(() => socket.destroy())
  return seen
}

t.test(
  "who knows everything of the guard but its key is not believed, and hears nothing of the worker's",
  async (t) => {
    const s = await scene(t)
    const { context } = await workerOf(t, s, 2000)
    const running = failureOf(holdPause(context, async () => t.fail('went inside')))
    const plain = watched(t, connect(s.port, '127.0.0.1'))
    plain.socket.write(`${hello}${JSON.stringify({ say: 'holding', pause: 1, servers: 3 })}\n`)
    const wrong = watched(t, connectWithKey('127.0.0.1', s.port, other))
    wrong.socket.write(hello)
    await until('both to be cut off', () => plain.closed && wrong.closed)
    t.equal(plain.text + wrong.text, '', 'not even a beat')
    t.match(await running, {
      what: /nothing was paused: no guard stands by/,
      why: /does not have this operation's key/,
      next: /the same image/,
    })
    t.strictSame(pauses(s.ledgers), [])
  },
)

t.test('a rogue guard cannot end a pause that goes on', async (t) => {
  const s = await scene(t)
  s.startGuard()
  const { context } = await workerOf(t, s)
  const { window } = await holdPause(context, async () => {
    for (const say of ['fired', 'unpaused', 'released']) {
      const rogue = watched(t, connect(s.port, '127.0.0.1'))
      const message = { say, pause: 1, why: 'because', addresses: s.ledgers.map(({ address }) => address) }
      rogue.socket.write(`${hello}${JSON.stringify(message)}\n`)
      await until('the end of it', () => rogue.closed)
    }
    t.ok(allClosed(s.ledgers))
  })
  t.match(window, { verdict: 'valid', reasons: { length: 0 } })
})

t.test('"unpaused" is not believed of a server that says that it is paused, whoever says it', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s)
  const guard = rawGuard(t, s.port)
  const addresses = s.ledgers.map(({ address }) => address)
  const lying = setInterval(() => {
    if (guard.heard.some(({ say }) => say === 'hold')) guard.send({ say: 'holding', pause: 1, servers: 3 })
    if (guard.heard.some(({ say }) => say === 'begin')) guard.send({ say: 'unpaused', pause: 1, addresses })
    if (guard.heard.some(({ say }) => say === 'release')) guard.send({ say: 'released', pause: 1 })
  }, 20)
  t.teardown(() => clearInterval(lying))
  const [cut] = s.ledgers
  await holdPause(context, async () => cut?.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 4000 } } }))
  t.ok(allOpen(s.ledgers), 'it was tried on until the server itself served')
  t.strictSame(context.record.current.stillPaused, [])
})

t.test('a rogue worker is not heard: what it says holds no dead one alive, and lets nothing go', async (t) => {
  const s = await scene(t)
  s.cluster.held.set('my-ledger', 'pause-test')
  // It has taken the address of a worker that is gone.
  const rogue = serverWithKey(
    other,
    5000,
    () => t.fail('it was believed'),
    () => undefined,
  )
  await new Promise<void>((resolve) => void rogue.listen(s.port, resolve))
  t.teardown(() => rogue.close())
  const guard = s.startGuard()
  await sleep(1500)
  guard.stop()
  t.equal(await guard.ended, 143, 'it was told nothing, not even that all is done')
})

t.test('without a key no pause begins, and it is said why', async (t) => {
  const s = await scene(t)
  const { context } = await workerOf(t, s)
  context.guard.close()
  const link = guardLink({
    cluster: s.cluster,
    events: context.events,
    key: undefined,
    operation: 'pause-test',
    port: s.port,
  })
  const failure = await failureOf(holdPause({ ...context, guard: link }, async () => t.fail('went inside')))
  t.match(failure, { why: /the key of pause-test is not mounted/, next: /plugin of the version of the image/ })
  t.strictSame(pauses(s.ledgers), [])
})

t.test('a guard without a key ends what the journal says is paused all the same', async (t) => {
  const s = await scene(t)
  for (const { gate } of s.ledgers) await gate.pause(undefined)
  s.cluster.podsOfOperation = [guardPod]
  const at = '2026-11-21T00:00:00.000Z'
  const result = {
    servers: s.ledgers.map(({ address, pod }) => ({ address, uid: pod.uid })),
    restarts: Object.fromEntries(s.ledgers.map(({ pod }) => [pod.uid, 0])),
  }
  s.cluster.journals.set('pause-test', {
    version: 1,
    operation: 'pause-test',
    steps: [{ name: intentStep(1), startedAt: at, finishedAt: at, result }],
  })
  s.startGuard(guardPod, { key: undefined })
  t.ok((await until('the unpause', () => allOpen(s.ledgers))) < 5000)
})

/** An address of this machine that is not its own alone; connections to it come from it. */
const outer = Object.values(networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address

t.test(
  'strangers: few at once, nothing read, one look at the pods for all of them',
  { skip: outer === undefined && 'this machine has no address of its own' },
  async (t) => {
    const s = await scene(t)
    let looks = 0
    const { operationPods: look } = s.cluster
    s.cluster.operationPods = (operation) => {
      looks += 1
      return look(operation)
    }
    await workerOf(t, s)
    const begunMs = performance.now()
    const strangers = Array.from({ length: 300 }, () => watched(t, connect(s.port, outer ?? '')))
    for (const { socket } of strangers) socket.write(Buffer.alloc(64 * 1024, 22))
    await until('all but a few to be cut off', () => strangers.filter(({ closed }) => !closed).length <= 4)
    // Long enough for those that wait to look.
    await sleep(1500)
    t.ok(looks <= 2 + (performance.now() - begunMs) / 100, `${looks} looks`)
    s.startGuard()
    const guard = rawGuard(t, s.port)
    await until('the guard, which they do not keep out', () => guard.heard.some(({ say }) => say === 'beat'))
    await until('the last of them', () => strangers.every(({ closed }) => closed), 8000)
    t.equal(strangers.map(({ text }) => text).join(''), '')
  },
)

t.test(
  'with the key, but from no pod of the guard: nothing is read',
  { skip: outer === undefined && 'this machine has no address of its own' },
  async (t) => {
    const s = await scene(t)
    await workerOf(t, s)
    const thief = watched(t, connectWithKey(outer ?? '', s.port, key))
    await sleep(1500)
    t.equal(thief.text, '')
    // Its pod is shown there: the very same connection is taken.
    s.cluster.podsOfOperation = [workerPod, { ...guardPod, ip: outer ?? '' }]
    await until('the first word', () => thief.text.includes('beat'))
  },
)

t.test('of a guard that has not proven itself, no more than 1 KiB is taken', async (t) => {
  const s = await scene(t)
  await workerOf(t, s)
  const announces = (record: number, message: number) => {
    const header = Buffer.from([22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3])
    header.writeUInt16BE(record, 3)
    header.writeUIntBE(message, 6, 3)
    return header
  }
  for (const [name, bytes] of Object.entries({
    'a long record': announces(0x4000, 200),
    'a long message in short records': announces(200, 0x1_0000),
    'too much at once': Buffer.concat([announces(200, 196), Buffer.alloc(2000)]),
    'half a header': Buffer.from([22, 3]),
    'another protocol': Buffer.from('GET / HTTP/1.1\r\nHost: worker\r\n\r\n'),
  })) {
    const rogue = watched(t, connect(s.port, '127.0.0.1'))
    rogue.socket.write(bytes)
    const ms = await until(name, () => rogue.closed)
    t.ok(ms < 3000, name)
  }
})

t.test('a pod that only has the labels of an operation is none of it', async (t) => {
  const labels = { 'kubectl-scalardl.dev/operation': 'pause-test', 'kubectl-scalardl.dev/role': 'guard' }
  const podOf = (name: string, ownerReferences: unknown) => ({
    metadata: { name, uid: name, labels, ownerReferences },
    spec: {},
    status: { phase: 'Running', podIP: '10.0.0.1' },
  })
  const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'guard-pause-test', uid: 'u', controller: true }
  const items = [
    podOf('ours', [job]),
    podOf('labelled', undefined),
    podOf('of-another-job', [{ ...job, name: 'guard-pause-other' }]),
    podOf('not-controlled', [{ ...job, controller: false }]),
    podOf('of-another-kind', [{ ...job, kind: 'ReplicaSet' }]),
  ]
  const api = { core: { listNamespacedPod: () => Promise.resolve({ items }) } } as unknown as Api
  t.strictSame(
    (await operationPods(api, 'ns', 'pause-test')).map(({ name }) => name),
    ['ours'],
  )
})

t.test('the key is proven by both, whichever listens', async (t) => {
  const port = await freePort()
  let proven = 0
  let refused = 0
  const server = serverWithKey(
    key,
    1000,
    () => (proven += 1),
    () => (refused += 1),
  )
  await new Promise<void>((resolve) => void server.listen(port, resolve))
  t.teardown(() => server.close())
  const keys = [key, other, { ...key, operation: 'pause-other' }]
  const seen = keys.map((one) => watched(t, connectWithKey('127.0.0.1', port, one)))
  await until('the answers', () => proven + refused === 3)
  t.strictSame([proven, refused], [1, 2])
  for (const one of seen) one.socket.destroy()
})
