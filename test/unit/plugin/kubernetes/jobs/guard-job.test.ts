import t from 'tap'
import { guardJobName, labels, operationLabels } from '../../../../../operation/names.ts'
import { newRecord, type OperationRecord } from '../../../../../operation/record.ts'
import { removeIdleGuard } from '../../../../../plugin/kubernetes/jobs/guard-job.ts'
import type { Obstacle } from '../../../../../plugin/kubernetes/jobs/start-obstacle.ts'
import { watchGuardStart } from '../../../../../plugin/kubernetes/jobs/watch-guard.ts'
import { ObjectStore } from '../object-store.ts'

const operation = 'pause-p'
const own = { ...operationLabels(operation, 'pause'), [labels.role]: 'guard' }
const ended: OperationRecord = {
  ...newRecord({
    operation,
    kind: 'pause',
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T09:00:00Z',
    plugin: '0.1.0',
  }),
  state: 'failed',
  exitCode: 1,
}

/** A namespace with a guard whose pod stands like this. */
function withGuard(status: object, conditions: object[] = []): ObjectStore {
  const store = new ObjectStore()
  store.put('jobs', { metadata: { name: guardJobName(operation), labels: own }, status: { conditions } })
  store.put('pods', { metadata: { name: 'guard-pod', labels: own }, status })
  return store
}

const unschedulable = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available: 2 Insufficient memory.' }],
}
const running = { phase: 'Running', containerStatuses: [{ name: 'guard', state: { running: {} } }] }

t.test('what keeps the guard from starting is said once, and no longer looked for once it has started', async (t) => {
  const store = withGuard(unschedulable)
  const said: Obstacle[] = []
  const watching = watchGuardStart(
    await store.session(t),
    operation,
    (obstacle) => said.push(obstacle),
    AbortSignal.timeout(60_000),
  )
  await new Promise((resolve) => setTimeout(resolve, 3500))
  store.put('pods', { metadata: { name: 'guard-pod', labels: own }, status: running })
  await watching
  t.match(said, [{ title: 'a node', reason: /Insufficient memory/ }])
  t.equal(said.length, 1)
})

t.test('a guard whose program fails again and again is told of, with its last words', async (t) => {
  const terminated = {
    exitCode: 1,
    reason: 'Error',
    message: 'node:internal\n\nError: Cannot find module guard.cjs\n    at loader\n',
  }
  for (const status of [
    { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } },
    { state: { terminated } },
  ]) {
    const store = withGuard({ phase: 'Running', containerStatuses: [{ name: 'guard', restartCount: 1, ...status }] })
    const said: Obstacle[] = []
    const stop = new AbortController()
    await watchGuardStart(
      await store.session(t),
      operation,
      (obstacle) => (said.push(obstacle), stop.abort()),
      AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]),
    )
    t.match(said, [{ reason: 'Error: Cannot find module guard.cjs' }])
  }
})

t.test('a guard that has done its work keeps its Job, although that does not say so yet', async (t) => {
  const store = withGuard({
    phase: 'Running',
    containerStatuses: [{ name: 'guard', state: { terminated: { exitCode: 0 } } }],
  })
  await removeIdleGuard(await store.session(t), { ...ended, state: 'succeeded', exitCode: 0 })
  t.ok(store.objects.has(`jobs/${guardJobName(operation)}`))
})

t.test('an operation without a guard is not watched', async (t) => {
  await watchGuardStart(
    await new ObjectStore().session(t),
    operation,
    () => t.fail('nothing is there'),
    AbortSignal.timeout(60_000),
  )
})

const jobKey = `jobs/${guardJobName(operation)}`

t.test('a guard that cannot run goes with its operation; one that runs ends by itself', async (t) => {
  const idle = withGuard(unschedulable)
  await removeIdleGuard(await idle.session(t), ended)
  t.notOk(idle.objects.has(jobKey))

  const busy = withGuard(running)
  await removeIdleGuard(await busy.session(t), ended)
  t.ok(busy.objects.has(jobKey))
})

t.test('no guard is removed while its operation goes on or has left something paused', async (t) => {
  const store = withGuard(unschedulable)
  const session = await store.session(t)
  await removeIdleGuard(session, { ...ended, state: 'running' })
  await removeIdleGuard(session, { ...ended, stillPaused: ['10.0.0.7:50053'] })
  t.ok(store.objects.has(jobKey))
})

t.test('a guard that has ended stays with its log until its time is over', async (t) => {
  const store = withGuard({ phase: 'Succeeded' }, [{ type: 'Complete', status: 'True' }])
  await removeIdleGuard(await store.session(t), ended)
  t.ok(store.objects.has(jobKey))
})
