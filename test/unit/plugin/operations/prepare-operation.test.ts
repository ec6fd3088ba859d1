import t from 'tap'
import { labels, managedBy } from '../../../../operation/names.ts'
import { parseRequest, requestHashVariable } from '../../../../operation/request.ts'
import type { JobObject } from '../../../../plugin/kubernetes/api/objects.ts'
import { prepareOperation } from '../../../../plugin/operations/prepare-operation.ts'
import { pauseRequest } from '../../job/pausing-context.ts'
import { jobOptions } from '../kubernetes/jobs/compose/job-options.ts'
import { ObjectStore } from '../kubernetes/object-store.ts'

const containersOf = (job: JobObject | undefined) => job?.spec?.template.spec?.containers ?? []

t.test('worker and guard take the request that is written, with its requester', async (t) => {
  const store = new ObjectStore()
  store.put('serviceaccounts', {
    metadata: { name: jobOptions.serviceAccount, labels: { [labels.managedBy]: managedBy } },
  })
  const asked = pauseRequest({ pause: { drainMs: 1000, maxPauseMs: 20_000, guard: true } })
  const { request, job, guard } = await prepareOperation(await store.session(t), asked, [], {}, jobOptions)
  const text = request.data?.['request.json'] ?? ''
  t.ok(parseRequest(text, undefined).requestedBy, 'the requester is known, or why not')
  for (const made of [job, guard]) {
    const [{ env = [] } = {}] = containersOf(made)
    const hash = env.find(({ name }) => name === requestHashVariable)?.value
    t.ok(hash, 'the Job has a hash')
    t.doesNotThrow(() => parseRequest(text, hash), 'it is that of the request as it is written')
  }
})

t.test('a patch that brings the container of a dry run is tied to the request of now', async (t) => {
  const store = new ObjectStore()
  store.put('serviceaccounts', {
    metadata: { name: jobOptions.serviceAccount, labels: { [labels.managedBy]: managedBy } },
  })
  const session = await store.session(t)
  const earlier = pauseRequest({ createdAt: '2026-11-20T00:00:00.000Z' })
  const shown = await prepareOperation(session, earlier, [], {}, jobOptions)
  const beside = { name: 'beside', image: 'other' }
  const patch = { spec: { template: { spec: { containers: [beside, ...containersOf(shown.job)] } } } }
  const { request, job } = await prepareOperation(session, pauseRequest(), [], {}, { ...jobOptions, patch })
  const [sidecar, worker] = containersOf(job)
  t.strictSame(sidecar, beside, 'what is not ours is left alone')
  const hashes = worker?.env?.filter(({ name }) => name === requestHashVariable) ?? []
  t.equal(hashes.length, 1)
  t.doesNotThrow(() => parseRequest(request.data?.['request.json'] ?? '', hashes[0]?.value))
})

t.test(
  "the worker of a ServiceAccount with an identity of Azure has the webhook's label, its guard has not",
  async (t) => {
    const store = new ObjectStore()
    const metadata = {
      name: jobOptions.serviceAccount,
      annotations: { 'azure.workload.identity/client-id': 'some-id' },
    }
    store.put('serviceaccounts', { metadata })
    const session = await store.session(t)
    const asked = pauseRequest({ pause: { drainMs: 1000, maxPauseMs: 20_000, guard: true } })
    const labelOf = (made: JobObject | undefined) =>
      made?.spec?.template.metadata?.labels?.['azure.workload.identity/use']
    const { job, guard } = await prepareOperation(session, asked, [], {}, jobOptions)
    t.equal(labelOf(job), 'true')
    t.ok(guard)
    t.equal(labelOf(guard), undefined)

    const patch = { spec: { template: { metadata: { labels: { 'azure.workload.identity/use': 'false' } } } } }
    t.equal(labelOf((await prepareOperation(session, asked, [], {}, { ...jobOptions, patch })).job), 'false')

    store.put('serviceaccounts', { metadata: { name: jobOptions.serviceAccount } })
    t.equal(labelOf((await prepareOperation(session, asked, [], {}, jobOptions)).job), undefined)
  },
)
