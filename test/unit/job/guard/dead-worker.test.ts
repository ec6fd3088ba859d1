import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { intentStep } from '../../../../job/journal/pause-steps.ts'
import { newRecord } from '../../../../operation/record.ts'
import { allClosed, allOpen, guardProcess, scene, until, type GuardedScene } from './guarded-scene.ts'
import { pausingProcess } from './pausing-process.ts'
import { guardPod, workerPod } from './two-pods.ts'

/** The reason in the record tells that it was not the worker's silence, of 5 s, that showed its end. */
async function endedAsGone({ cluster }: GuardedScene): Promise<boolean> {
  const why = () => cluster.reports.get('pause-test')?.interventions[0]?.why
  await until('the report', () => why() !== undefined)
  return why()?.startsWith('the worker is gone') === true
}

t.test('a worker that is killed: its guard unpauses all at once, and says so in the record', async (t) => {
  const s = await scene(t)
  s.startGuard()
  const worker = await pausingProcess(t, s)
  worker.kill('SIGKILL')
  const ms = await until('the unpause', () => allOpen(s.ledgers))
  t.comment(`open ${Math.round(ms)} ms after the kill`)
  t.ok(await endedAsGone(s))
  await until('the report', () => s.cluster.reports.get('pause-test')?.interventions[0]?.stillPaused.length === 0)
  t.match(s.cluster.reports.get('pause-test'), {
    pod: 'guard-1',
    node: 'node-b',
    interventions: [{ pause: 1, why: /the worker is gone/, unpaused: { length: 3 }, stillPaused: { length: 0 } }],
  })
})

t.test(
  'a worker that stands still while its Lease is renewed keeps its pause; without renewals it loses it',
  async (t) => {
    // Of a version that cannot say whether it is paused: only the guard's word tells.
    const s = await scene(t, { version: '2' })
    s.startGuard()
    const worker = await pausingProcess(t, s)
    worker.kill('SIGSTOP')
    await sleep(7000)
    t.ok(allClosed(s.ledgers), 'the Lease is renewed: it lives')
    s.cluster.renewing = false
    const ms = await until('the unpause', () => allOpen(s.ledgers))
    t.ok(ms > 3000 && ms < 20_000, `five seconds of silence: ${Math.round(ms)} ms`)
    worker.kill('SIGCONT')
    await once(worker, 'exit')
    t.match(
      worker.said.join(''),
      /"verdict":"void","reasons":\[.*guard/,
      'it learns when it wakes that its window is void',
    )
  },
)

t.test('an API server that is away shows no Lease, but a worker that is heard keeps its pause', async (t) => {
  const s = await scene(t)
  s.startGuard()
  await pausingProcess(t, s)
  const away = () => Promise.reject(new Error('connection refused'))
  Object.assign(s.cluster, {
    leaseVersions: away,
    operationPods: away,
    findRecord: away,
    writeGuardReport: away,
    workerJob: away,
    scalarPods: away,
    readJournal: away,
  })
  await sleep(6500)
  t.ok(allClosed(s.ledgers))
})

t.test(
  'killed while the API server is away: unpaused at once all the same, and reported when it is back',
  async (t) => {
    const s = await scene(t)
    s.startGuard()
    const worker = await pausingProcess(t, s)
    const away = () => Promise.reject(new Error('connection refused'))
    const before = { ...s.cluster }
    Object.assign(s.cluster, {
      leaseVersions: away,
      operationPods: away,
      findRecord: away,
      writeGuardReport: away,
      workerJob: away,
      scalarPods: away,
      readJournal: away,
    })
    worker.kill('SIGKILL')
    await until('the unpause', () => allOpen(s.ledgers))
    Object.assign(s.cluster, before)
    t.ok(await endedAsGone(s))
  },
)

t.test(
  'a guard that is started anew takes up the hold of the worker that lives, and ends it when that is killed',
  async (t) => {
    const s = await scene(t)
    const first = guardProcess(t, s)
    const worker = await pausingProcess(t, s)
    first.kill('SIGKILL')
    await once(first, 'exit')
    t.ok(allClosed(s.ledgers))
    s.startGuard()
    await sleep(2000)
    t.ok(allClosed(s.ledgers))
    worker.kill('SIGKILL')
    await until('the unpause', () => allOpen(s.ledgers))
    t.ok(await endedAsGone(s))
  },
)

t.test('worker and guard both gone: a new guard reads in the journal what is paused, and unpauses it', async (t) => {
  // A worker that is not heard may live; one whose pod has ended does not.
  for (const [name, workers, fromMs, isGone] of [
    ['ended', [], 0, true],
    ['there and says nothing', [workerPod], 4000, false],
  ] as const) {
    await t.test(`a pod that is ${name}`, async (t) => {
      const s = await scene(t)
      for (const { gate } of s.ledgers) await gate.pause(undefined)
      const [gone] = s.ledgers
      // Started anew since, and paused by somebody else.
      s.cluster.pods = s.cluster.pods.map((pod) => (pod.uid === gone?.pod.uid ? { ...pod, restarts: 1 } : pod))
      s.cluster.podsOfOperation = [...workers, guardPod]
      const intent = {
        servers: s.ledgers.map(({ address, pod }) => ({ address, uid: pod.uid })),
        restarts: Object.fromEntries(s.ledgers.map(({ pod }) => [pod.uid, 0])),
      }
      const at = '2026-11-21T00:00:00.000Z'
      s.cluster.journals.set('pause-test', {
        version: 1,
        operation: 'pause-test',
        steps: [{ name: intentStep(1), startedAt: at, finishedAt: at, result: intent }],
      })
      const silent = createServer(() => undefined).listen(s.port)
      t.teardown(() => silent.close())
      s.startGuard()
      const ms = await until('the unpause', () => s.ledgers.slice(1).every(({ gate }) => gate.isOpen))
      t.ok(ms > fromMs, `${Math.round(ms)} ms`)
      t.equal(await endedAsGone(s), isGone)
      t.equal(gone?.gate.isOpen, false, "another's pause is left alone")
    })
  }
})

t.test(
  'a worker that is gone for good: what it paused is unpaused, its record closed, and the guard ends',
  async (t) => {
    const s = await scene(t)
    const running = s.startGuard()
    const worker = await pausingProcess(t, s)
    const endpoints = s.ledgers.map(({ address }) => ({ address }))
    const fresh = newRecord({
      operation: 'pause-test',
      kind: 'pause',
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T00:00:00Z',
      plugin: '1',
    })
    s.cluster.recordsByName.set('pause-test', {
      ...fresh,
      state: 'running',
      windows: [{ endpoints, pauseSentAt: '2026-11-21T00:00:00Z', verdict: 'open', reasons: [] }],
    })
    worker.kill('SIGKILL')
    s.cluster.podsOfOperation = s.cluster.podsOfOperation.filter(({ role }) => role === 'guard')
    s.cluster.job = { phase: 'failed', reason: 'BackoffLimitExceeded', message: 'too often' }
    t.equal(await running.ended, 0)
    t.ok(allOpen(s.ledgers))
    t.match(s.cluster.recordsByName.get('pause-test'), {
      state: 'failed',
      windows: [{ verdict: 'void', reasons: [/killed/] }],
      failure: { why: /killed/ },
    })
  },
)
