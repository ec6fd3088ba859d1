import t, { type Test } from 'tap'
import { ExitCode } from '../../../../../operation/exit-code.ts'
import { Failure } from '../../../../../operation/failure.ts'
import { newRecord, type OperationRecord, type PauseWindowRecord } from '../../../../../operation/record.ts'
import { exitCodeOf, concludeByJob } from '../../../../../operation/outcome/outcome.ts'
import { persistently } from '../../../../../plugin/kubernetes/api/api-error.ts'
import { awaitOutcome, awaitRecord, outOfReach } from '../../../../../plugin/kubernetes/jobs/operation-outcome.ts'
import { ObjectStore } from '../object-store.ts'

const running: OperationRecord = {
  ...newRecord({
    operation: 'backup-b',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T09:00:00Z',
    plugin: '0.1.0',
  }),
  state: 'running',
}
const openWindow: PauseWindowRecord = {
  endpoints: [{ address: '10.0.0.7:50053' }],
  pauseSentAt: '2026-11-21T09:00:01Z',
  verdict: 'open',
  reasons: [],
}
const backup = { name: 'b', databases: [] }

t.test('a backup whose worker was killed for good is unusable, unless its data was complete', (t) => {
  const lost = concludeByJob(
    { ...running, backup: { ...backup, state: 'recorded' } },
    { phase: 'failed', reason: 'BackoffLimitExceeded' },
  )
  t.match(lost, {
    state: 'failed',
    exitCode: ExitCode.backupUnusable,
    backup: { state: 'unusable' },
    failure: { why: /killed/ },
  })
  const complete = concludeByJob(
    { ...running, backup: { ...backup, state: 'restorable' } },
    { phase: 'failed', reason: 'BackoffLimitExceeded' },
  )
  t.match(complete, { state: 'failed', exitCode: ExitCode.failed, backup: { state: 'restorable' } })
  t.match(concludeByJob(running, { phase: 'failed', reason: 'DeadlineExceeded' }).failure?.why, /longer than/)
  t.match(concludeByJob(running, { phase: 'gone' }).failure?.why, /deleted/)
  t.equal(concludeByJob(running, { phase: 'suspended' }).state, 'cancelled')
  t.equal(concludeByJob(running, { phase: 'active' }), running)
  t.end()
})

t.test('what a dead worker left paused is STILL PAUSED, whatever else happened', (t) => {
  const settled = concludeByJob(
    { ...running, windows: [openWindow], backup: { ...backup, state: 'incomplete' } },
    { phase: 'failed' },
  )
  t.strictSame(settled.stillPaused, ['10.0.0.7:50053'])
  t.equal(settled.exitCode, ExitCode.stillPaused)
  t.equal(
    exitCodeOf({ ...running, state: 'succeeded', exitCode: 0, stillPaused: ['10.0.0.7:50053'] }),
    ExitCode.stillPaused,
  )
  t.end()
})

t.test('exit codes come from the record', (t) => {
  t.equal(exitCodeOf(running), ExitCode.timedOutOrDetached)
  t.equal(exitCodeOf({ ...running, state: 'succeeded' }), ExitCode.done)
  t.equal(exitCodeOf({ ...running, state: 'failed', exitCode: 3 }), ExitCode.backupUnusable)
  t.equal(exitCodeOf({ ...running, state: 'failed', exitCode: 137 }), ExitCode.failed)
  t.equal(
    exitCodeOf({ ...running, state: 'failed', backup: { ...backup, state: 'unusable' } }),
    ExitCode.backupUnusable,
  )
  t.end()
})

t.test('the outcome waits for record and Job, not for one of them', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'succeeded', exitCode: 0 })
  store.job('backup-b', 'backup')
  const session = await store.session(t)
  let known: OperationRecord | undefined
  const waiting = awaitOutcome(session, 'backup-b', AbortSignal.timeout(60_000)).then((record) => (known = record))
  await new Promise((resolve) => setTimeout(resolve, 1200))
  t.equal(known, undefined)
  store.job('backup-b', 'backup', { type: 'Complete' })
  t.equal((await waiting).state, 'succeeded')
})

t.test('a final record and the end of the worker are enough, seconds before the Job says so', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'failed', exitCode: 3 })
  store.job('backup-b', 'backup')
  const terminated = { exitCode: 3 }
  store.put('pods', {
    metadata: { name: 'p', labels: { 'kubectl-scalardl.dev/operation': 'backup-b' } },
    status: { phase: 'Running', containerStatuses: [{ name: 'worker', state: { terminated } }] },
  })
  const record = await awaitOutcome(await store.session(t), 'backup-b', AbortSignal.timeout(60_000))
  t.equal(exitCodeOf(record), ExitCode.backupUnusable)
})

/** An operation whose worker's pod runs these containers, and what its record says by now. */
async function withRunningPod(t: Test, containers: readonly string[], state: OperationRecord['state']) {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state, exitCode: 0 })
  store.job('backup-b', 'backup')
  store.put('pods', {
    metadata: { name: 'p', labels: { 'kubectl-scalardl.dev/operation': 'backup-b' } },
    spec: { containers: containers.map((name) => ({ name })) },
    status: { phase: 'Running', containerStatuses: containers.map((name) => ({ name, state: { running: {} } })) },
  })
  return store.session(t)
}

t.test('the record of a success is enough while its pod still runs, unless that has other containers', async (t) => {
  const session = await withRunningPod(t, ['worker'], 'succeeded')
  t.equal((await awaitOutcome(session, 'backup-b', AbortSignal.timeout(60_000))).state, 'succeeded')
  for (const [containers, state] of [
    [['worker', 'proxy'], 'succeeded'],
    [['worker'], 'failed'],
  ] as const) {
    const session = await withRunningPod(t, containers, state)
    const waiting = awaitOutcome(session, 'backup-b', AbortSignal.timeout(600))
    const late: unknown = await waiting.catch((error: unknown) => error)
    t.match(late, { exitCode: ExitCode.timedOutOrDetached }, `${containers.join(', ')}, ${state}`)
  }
})

t.test('a cancelled worker that still has its grace period is waited for', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'running' })
  store.job('backup-b', 'backup', { type: 'Suspended' })
  const terminating = {
    name: 'p',
    deletionTimestamp: new Date(Date.now() + 20_000) as never,
    labels: { 'kubectl-scalardl.dev/operation': 'backup-b' },
  }
  store.put('pods', { metadata: terminating, status: { phase: 'Running' } })
  const session = await store.session(t)
  const waiting = awaitOutcome(session, 'backup-b', AbortSignal.timeout(60_000))
  await new Promise((resolve) => setTimeout(resolve, 4500))
  store.record({
    operation: 'backup-b',
    kind: 'backup',
    state: 'cancelled',
    exitCode: 1,
    failure: { what: 'a', why: 'the worker says so', next: 'c' },
  })
  store.objects.delete('pods/p')
  t.match(await waiting, { state: 'cancelled', failure: { why: 'the worker says so' } })
})

t.test('a worker that could not even write its record is heard all the same', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'pending' })
  store.job('backup-b', 'backup', { type: 'Failed', reason: 'PodFailurePolicy' })
  const failure = { what: 'the worker may not get the configmap', why: 'role not found', next: 'run install' }
  const log = [
    { seq: 1, time: '2026-11-21T09:00:00Z', level: 'info', code: 'started', message: 'backup-b' },
    { seq: 2, time: '2026-11-21T09:00:01Z', level: 'error', code: 'failed', message: 'may not', data: failure },
  ]
  store.put('pods', {
    metadata: { name: 'p', labels: { 'kubectl-scalardl.dev/operation': 'backup-b' } },
    status: {
      phase: 'Failed',
      containerStatuses: [
        {
          name: 'worker',
          state: { terminated: { exitCode: 1, message: log.map((event) => JSON.stringify(event)).join('\n') } },
        },
      ],
    },
  })
  t.match(await awaitOutcome(await store.session(t), 'backup-b', AbortSignal.timeout(60_000)), {
    state: 'failed',
    exitCode: 1,
    failure,
  })
})

t.test('a milestone is enough for who waits for that', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'running', backup: { ...backup, state: 'recorded' } })
  store.job('backup-b', 'backup')
  const session = await store.session(t)
  const record = await awaitRecord(
    session,
    'backup-b',
    AbortSignal.timeout(60_000),
    (record) => record.backup?.state === 'recorded',
  )
  t.equal(record.state, 'running')
})

t.test('the end of waiting is exit code 6 and tells how to come back', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'running' })
  store.job('backup-b', 'backup')
  const session = await store.session(t)
  const late = await awaitOutcome(session, 'backup-b', AbortSignal.timeout(300)).catch((error: unknown) => error)
  t.match(late, { exitCode: ExitCode.timedOutOrDetached, why: 'the time to wait is over', next: /wait backup-b -n ns/ })
  const controller = new AbortController()
  const waiting = awaitOutcome(session, 'backup-b', controller.signal)
  controller.abort()
  t.match(await waiting.catch((error: unknown) => error), {
    exitCode: ExitCode.timedOutOrDetached,
    why: 'Ctrl-C was pressed',
  })
})

t.test('an operation without record and Job is a Failure', async (t) => {
  const session = await new ObjectStore().session(t)
  await t.rejects(awaitOutcome(session, 'backup-b', AbortSignal.timeout(60_000)), Failure)
})

t.test('a token that expires while following is exit code 6: the operation goes on', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'running' })
  store.job('backup-b', 'backup')
  const session = await store.session(t)
  const waiting = awaitOutcome(session, 'backup-b', AbortSignal.timeout(60_000))
  store.fault = 401
  const failure = await waiting.catch((error: unknown) => error)
  t.match(failure, {
    exitCode: ExitCode.timedOutOrDetached,
    what: 'backup-b cannot be followed any more; it goes on in the cluster',
    why: /does not accept your credentials/,
    next: /log in again .*logs backup-b -n ns.*wait backup-b -n ns/,
  })
})

t.test('an API server that is away for a while ends no following; one that stays away is exit code 6', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'succeeded', exitCode: 0 })
  store.job('backup-b', 'backup', { type: 'Complete' })
  const session = await store.session(t)
  store.fault = 'broken'
  const waiting = awaitOutcome(session, 'backup-b', AbortSignal.timeout(60_000))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  store.fault = undefined
  t.equal((await waiting).state, 'succeeded')

  store.fault = 'broken'
  const lost = await persistently(
    () => session.core.listNamespacedPod({ namespace: 'ns' }),
    AbortSignal.timeout(60_000),
    0,
  ).catch((error: unknown) => error)
  t.match(outOfReach(session, 'backup-b', lost), { exitCode: ExitCode.timedOutOrDetached, why: /no connection to/ })
  const bug = new TypeError('x is not a function')
  t.equal(outOfReach(session, 'backup-b', bug), bug, 'a bug is not taken for a lost connection')
})

t.test('an answer that never comes does not outlast Ctrl-C', async (t) => {
  const stop = new AbortController()
  const waiting = persistently(() => new Promise<never>(() => undefined), stop.signal, 60_000)
  stop.abort(new Error('stopped'))
  await t.rejects(waiting, { message: 'stopped' })
})
