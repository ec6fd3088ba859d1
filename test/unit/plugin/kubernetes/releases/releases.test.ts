import t from 'tap'
import { listReleases } from '../../../../../plugin/kubernetes/releases/releases.ts'
import { answerJson, sessionWith } from '../api-server.ts'

const labels = { 'app.kubernetes.io/instance': 'my-ledger', 'app.kubernetes.io/app': 'ledger' }

t.test('a pod that was evicted or has completed is none of a release any more', async (t) => {
  const phases = { serving: 'Running', coming: 'Pending', evicted: 'Failed', completed: 'Succeeded' }
  const pods = Object.entries(phases).map(([name, phase]) => ({ metadata: { name, labels }, status: { phase } }))
  const { session, close } = await sessionWith((_request, response, url) =>
    answerJson(response, { items: url.pathname.endsWith('/pods') ? pods : [] }),
  )
  t.teardown(close)
  const [release] = await listReleases(session)
  t.strictSame(
    release?.pods.map(({ metadata }) => metadata?.name),
    ['serving', 'coming'],
  )
})
