import t, { type Test } from 'tap'
import { Failure } from '../../../../../operation/failure.ts'
import { configMapName, guardJobName } from '../../../../../operation/names.ts'
import type { OperationRecord } from '../../../../../operation/record.ts'
import { abandonOperation } from '../../../../../plugin/kubernetes/jobs/abandon-operation.ts'
import { createOperation } from '../../../../../plugin/kubernetes/jobs/compose/create-operation.ts'
import { ObjectStore } from '../object-store.ts'
import { pauseObjects } from './compose/a-pause.ts'

const recordKey = `configmaps/${configMapName('pause-p', 'record')}`
const failure = new Failure({ what: 'the Job of pause-p does not start', why: 'its image', next: 'give another' })

/** An operation whose Job is taken back, and whose record is then as somebody in the cluster leaves it. */
async function abandonedWhile(t: Test, left: Partial<OperationRecord>) {
  const store = new ObjectStore()
  const session = await store.session(t)
  await createOperation(session, pauseObjects, 'json', 'none')
  store.beforeWrite = () => {
    // the guard's Job goes first, then the worker's
    if (store.objects.has(`jobs/${guardJobName('pause-p')}`)) return
    store.beforeWrite = undefined
    store.record({ operation: 'pause-p', kind: 'pause', ...left })
  }
  const told = await abandonOperation(session, pauseObjects, failure)
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
