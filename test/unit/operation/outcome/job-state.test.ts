import t from 'tap'
import { workerState, type JobLike, type PodLike } from '../../../../operation/outcome/job-state.ts'

const active: JobLike = { status: {} }
const sidecar = { name: 'istio-proxy', state: { running: {} } }

function ended(exitCode: number, agoMs = 0): PodLike {
  const finishedAt = new Date(Date.now() - agoMs)
  return {
    status: {
      phase: 'Running',
      containerStatuses: [sidecar, { name: 'worker', state: { terminated: { exitCode, finishedAt } } }],
    },
  }
}

t.test('a worker that ended beside a sidecar that runs on counts as ended', async (t) => {
  t.strictSame(workerState(active, [ended(0)]), { phase: 'complete' })
  const unusable = workerState(active, [ended(3)])
  t.equal(unusable.phase, 'failed')
  t.match(unusable.message, /istio-proxy runs on/)
})

t.test('a killed worker is given up once its sidecar shows that it stays', async (t) => {
  t.equal(workerState(active, [ended(137)]).phase, 'active', 'its Job may yet start another')
  t.equal(workerState(active, [ended(137, 31_000)]).phase, 'failed')
})

t.test('a worker is under way although a sidecar of it has ended', async (t) => {
  const pod: PodLike = {
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'log-agent', state: { terminated: { exitCode: 1 } } },
        { name: 'worker', state: { running: {} } },
      ],
    },
  }
  t.strictSame(workerState(active, [pod]), { phase: 'active' })
})

function endedAlone(exitCode: number): PodLike {
  return { status: { phase: 'Running', containerStatuses: [{ name: 'worker', state: { terminated: { exitCode } } }] } }
}

t.test('the end of a worker with a verdict is known before its Job tells it', async (t) => {
  t.strictSame(workerState(active, [endedAlone(0)]), { phase: 'complete' })
  t.strictSame(workerState(active, [endedAlone(3)]), { phase: 'failed', reason: 'PodFailurePolicy' })
  t.strictSame(workerState(active, [ended(137), endedAlone(0)]), { phase: 'complete' })
})

t.test('a worker that another may follow counts as active until its Job says more', async (t) => {
  t.equal(workerState(active, [endedAlone(137)]).phase, 'active', 'killed')
  const evicted: PodLike = {
    status: { ...endedAlone(1).status, conditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  }
  t.equal(workerState(active, [evicted]).phase, 'active', 'evicted')
  const deleted: PodLike = { ...endedAlone(1), metadata: { deletionTimestamp: new Date() } }
  t.equal(workerState(active, [deleted]).phase, 'active', 'deleted')
})

t.test('a suspended worker counts as active in its grace period, not beside a sidecar alone', async (t) => {
  const suspended: JobLike = { status: { conditions: [{ type: 'Suspended', status: 'True' }] } }
  const deletionTimestamp = new Date(Date.now() + 20_000)
  const working: PodLike = {
    metadata: { deletionTimestamp },
    status: { phase: 'Running', containerStatuses: [sidecar, { name: 'worker', state: { running: {} } }] },
  }
  t.equal(workerState(suspended, [working]).phase, 'active')
  t.equal(workerState(suspended, [{ ...ended(0), metadata: { deletionTimestamp } }]).phase, 'suspended')
})
