import t, { type Test } from 'tap'
import { Failure } from '../../../../../operation/failure.ts'
import { configMapName, guardJobName } from '../../../../../operation/names.ts'
import type { OperationRecord } from '../../../../../operation/record.ts'
import type { RequestOf } from '../../../../../operation/request.ts'
import { abandonOperation } from '../../../../../plugin/kubernetes/jobs/abandon-operation.ts'
import { composeGuardJob } from '../../../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../../../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { createOperation } from '../../../../../plugin/kubernetes/jobs/compose/create-operation.ts'
import { operationObjects } from '../../../../../plugin/kubernetes/jobs/compose/operation-objects.ts'
import { podsOnly } from '../../../../../plugin/kubernetes/jobs/compose/release-part.ts'
import { ObjectStore } from '../object-store.ts'
import { chartRelease } from './compose/chart-deployment.ts'
import { jobOptions } from './compose/job-options.ts'

const part = podsOnly(chartRelease())
const request: RequestOf<'pause'> = {
  version: 1,
  kind: 'pause',
  operation: 'pause-p',
  namespace: 'ns',
  createdAt: '2026-11-21T09:30:00.000Z',
  createdBy: '0.1.0',
  target: { releases: [part.target], serviceUrls: [], addresses: [], tls: { enabled: false } },
  pause: { drainMs: 1000, maxPauseMs: 60_000, guard: true },
  durationMs: 1000,
}
const job = composeJob(request, [part], {}, jobOptions)
const objects = operationObjects(request, job, composeGuardJob(request, [part], {}, jobOptions))
const recordKey = `configmaps/${configMapName('pause-p', 'record')}`
const failure = new Failure({ what: 'the Job of pause-p does not start', why: 'its image', next: 'give another' })

/** An operation whose Job is taken back, and whose record is then as somebody in the cluster leaves it. */
async function abandonedWhile(t: Test, left: Partial<OperationRecord>) {
  const store = new ObjectStore()
  const session = await store.session(t)
  await createOperation(session, objects, 'json', 'none')
  store.beforeWrite = () => {
    // the guard's Job goes first, then the worker's
    if (store.objects.has(`jobs/${guardJobName('pause-p')}`)) return
    store.beforeWrite = undefined
    store.record({ operation: 'pause-p', kind: 'pause', ...left })
  }
  const told = await abandonOperation(session, objects, failure)
  return { told, store }
}

t.test('what never began is taken back whole, and its obstacle is what is told', async (t) => {
  const { told, store } = await abandonedWhile(t, { state: 'pending' })
  t.equal(told, failure)
  t.notOk(store.objects.has(recordKey))
})

t.test('so it is where its guard saw the Job go, and closed the record', async (t) => {
  const closed = { what: 'pause-p never began', why: 'the Job was deleted before it started', next: 'run it again' }
  const { told, store } = await abandonedWhile(t, { state: 'failed', failure: closed })
  t.equal(told, failure)
  t.notOk(store.objects.has(recordKey))
})

t.test('one whose worker began in that moment is followed', async (t) => {
  const { told, store } = await abandonedWhile(t, { state: 'running', startedAt: '2026-11-21T09:30:05.000Z' })
  t.equal(told, undefined)
  t.ok(store.objects.has(recordKey))
})
