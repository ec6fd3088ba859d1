import t from 'tap'
import { labels, managedBy } from '../../../../operation/names.ts'
import { parseRequest, requestHashVariable } from '../../../../operation/request.ts'
import { prepareOperation } from '../../../../plugin/operations/prepare-operation.ts'
import { pauseRequest } from '../../job/pausing-context.ts'
import { jobOptions } from '../kubernetes/jobs/compose/job-options.ts'
import { ObjectStore } from '../kubernetes/object-store.ts'

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
    const [{ env = [] } = {}] = made?.spec?.template.spec?.containers ?? []
    const hash = env.find(({ name }) => name === requestHashVariable)?.value
    t.ok(hash, 'the Job has a hash')
    t.doesNotThrow(() => parseRequest(text, hash), 'it is that of the request as it is written')
  }
})
