import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { explainApiError } from '../../../plugin/kubernetes/api/api-failure.ts'
import { apiRequest } from '../../../kubernetes/api-request.ts'
import { typedCalls } from '../../../kubernetes/typed-calls.ts'
import { answerJson, answerStatus, sessionWith, type Handler } from '../plugin/kubernetes/api-server.ts'

async function open(t: Test, handler: Handler) {
  const { session, close } = await sessionWith(handler)
  t.teardown(close)
  return session
}

t.test('times become dates, but not in names of anybody’s choice', async (t) => {
  const session = await open(t, (_request, response) =>
    answerJson(response, {
      metadata: {
        creationTimestamp: '2026-11-21T09:00:00Z',
        labels: { time: '2026-11-21' },
        annotations: { time: 'x' },
      },
      data: { startTime: '2026-11-21' },
    }),
  )
  const { metadata, data } = await session.core.readNamespacedConfigMap({ name: 'a', namespace: 'ns' })
  t.equal(metadata?.creationTimestamp?.getTime(), Date.UTC(2026, 10, 21, 9))
  t.equal(metadata?.labels?.['time'], '2026-11-21')
  t.equal(metadata?.annotations?.['time'], 'x')
  t.equal(data?.['startTime'], '2026-11-21')
})

t.test('a call is sent as the API documents it', async (t) => {
  const seen: string[] = []
  const session = await open(t, (request, response, url) => {
    seen.push(`${request.method} ${url.pathname}${url.search} ${request.headers['content-type'] ?? '-'}`)
    answerJson(response, { items: [] })
  })
  await session.core.readNamespace({ name: 'ns' })
  await session.core.listPodForAllNamespaces({ labelSelector: 'a in (b, c)' })
  await session.batch.deleteNamespacedJob({ name: 'a', namespace: 'ns', propagationPolicy: 'Background' })
  await session.core.patchNamespacedConfigMap({ name: 'a', namespace: 'ns', body: { data: {} } })
  await session.core.createNamespacedConfigMap({ namespace: 'ns', body: {}, dryRun: 'All' })
  t.strictSame(seen, [
    'GET /api/v1/namespaces/ns -',
    'GET /api/v1/pods?labelSelector=a+in+%28b%2C+c%29 -',
    'DELETE /apis/batch/v1/namespaces/ns/jobs/a?propagationPolicy=Background -',
    'PATCH /api/v1/namespaces/ns/configmaps/a application/merge-patch+json',
    'POST /api/v1/namespaces/ns/configmaps?dryRun=All application/json',
  ])
})

t.test('what the worker asks is sent as the API documents it', async (t) => {
  const seen: string[] = []
  const { apps, core, coordination, discovery } = await open(t, async (request, response, url) => {
    seen.push(`${request.method} ${url.pathname}${url.search} ${await text(request)}`)
    answerJson(response, { metadata: { continue: 'next' }, items: [] })
  })
  const namespace = 'ns'
  const page = await core.listNamespacedConfigMap({ namespace, labelSelector: 'a', limit: 2, _continue: 'here' })
  t.strictSame(page.metadata, { continue: 'next', _continue: 'next' })
  const body = { spec: { replicas: 0 } }
  await apps.patchNamespacedDeploymentScale({ name: 'a', namespace, body, fieldManager: 'us' })
  await apps.listNamespacedReplicaSet({ namespace })
  await discovery.listNamespacedEndpointSlice({ namespace })
  const preconditions = { resourceVersion: '7' }
  await coordination.deleteNamespacedLease({ name: 'a', namespace, body: { preconditions } })
  t.strictSame(seen, [
    'GET /api/v1/namespaces/ns/configmaps?labelSelector=a&limit=2&continue=here ',
    'PATCH /apis/apps/v1/namespaces/ns/deployments/a/scale?fieldManager=us {"spec":{"replicas":0}}',
    'GET /apis/apps/v1/namespaces/ns/replicasets ',
    'GET /apis/discovery.k8s.io/v1/namespaces/ns/endpointslices ',
    'DELETE /apis/coordination.k8s.io/v1/namespaces/ns/leases/a {"preconditions":{"resourceVersion":"7"}}',
  ])
})

t.test('the times of a Lease go back with the six digits that the API server asks for', async (t) => {
  const lease = { metadata: { name: 'a' }, spec: { renewTime: '2026-11-21T09:00:00.123456Z' } }
  const sent: string[] = []
  const { coordination } = await open(t, async (request, response) => {
    sent.push(await text(request))
    answerJson(response, lease)
  })
  const body = await coordination.readNamespacedLease({ name: 'a', namespace: 'ns' })
  await coordination.replaceNamespacedLease({ name: 'a', namespace: 'ns', body })
  t.strictSame(JSON.parse(sent[1] ?? ''), {
    metadata: { name: 'a' },
    spec: { renewTime: '2026-11-21T09:00:00.123000Z' },
  })
})

t.test('an answer that the API server compressed is read', async (t) => {
  const session = await open(t, (request, response) => {
    t.equal(request.headers['accept-encoding'], 'gzip')
    response.writeHead(200, { 'content-encoding': 'gzip' })
    response.end(gzipSync(JSON.stringify({ data: { a: 'b' } })))
  })
  t.equal((await session.core.readNamespacedConfigMap({ name: 'a', namespace: 'ns' })).data?.['a'], 'b')
})

t.test('a refusal comes with its status and the words of the API server', async (t) => {
  const session = await open(t, (_request, response) => answerStatus(response, 403, 'no right'))
  const error: unknown = await session.core.listNamespace().catch((error: unknown) => explainApiError(error, session))
  t.match(error, { what: 'you may not do this in the cluster', why: 'no right' })
})

t.test('an answer that does not come is told with the flag that limits it', async (t) => {
  const session = await open(t, () => undefined)
  const { kubeConfig } = session
  const hasty = { ...session, ...typedCalls(apiRequest(kubeConfig, 50)) }
  const error: unknown = await hasty.core
    .listNamespace()
    .catch((error: unknown) => explainApiError(error, { ...hasty, requestTimeoutMs: 50 }))
  t.match(error, { exitCode: 6, why: '--request-timeout allows 50 ms' })
})

t.test('no connection is told as such', async (t) => {
  const { session, close } = await sessionWith(() => undefined)
  close()
  const error: unknown = await session.core.listNamespace().catch((error: unknown) => explainApiError(error, session))
  t.match(error, { what: /^no connection to http/, why: /ECONNREFUSED/ })
})
