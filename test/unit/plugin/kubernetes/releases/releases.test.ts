import t from 'tap'
import { findReleases, listReleases } from '../../../../../plugin/kubernetes/releases/releases.ts'
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

t.test('of many releases, some are named where one is missing', async (t) => {
  const pods = Array.from({ length: 200 }, (_, at) => ({
    metadata: { name: `pod-${at}`, labels: { ...labels, 'app.kubernetes.io/instance': `release-${at + 100}` } },
    status: { phase: 'Running' },
  }))
  const { session, close } = await sessionWith((_request, response, url) =>
    answerJson(response, { items: url.pathname.endsWith('/pods') ? pods : [] }),
  )
  t.teardown(close)
  const titled = Array.from({ length: 8 }, (_, at) => `release-${at + 100} (ScalarDL Ledger)`).join(', ')
  const refusal = await findReleases(session, ['mine']).catch((error: unknown) => error)
  t.match(refusal, { why: `the releases there are ${titled} and 192 more` })
})
