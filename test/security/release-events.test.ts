import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { KubeConfig } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { connectApi, type Api } from '../../job/kubernetes/api.ts'
import { kubernetesCluster } from '../../job/kubernetes/kubernetes-cluster.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import { toldOnReleases, type ReleaseEvent } from '../../job/process/told-on-releases.ts'
import { work } from '../../job/worker/worker.ts'
import type { WorkerEvent } from '../../operation/event.ts'
import { Failure } from '../../operation/failure.ts'
import { inMemoryCluster } from '../unit/job/in-memory-cluster.ts'
import { pauseRequest, type PauseRequest } from '../unit/job/pausing-context.ts'
import { startLedgers } from '../unit/job/servers/ledgers.ts'

/** A whole pause of two servers, with an API server that takes Events as `tell` says. */
async function paused(t: Test, tell: (event: ReleaseEvent) => Promise<void>, request: Partial<PauseRequest> = {}) {
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  cluster.tellOnReleases = tell
  const said: WorkerEvent[] = []
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  const signal = new AbortController().signal
  const exitCode = await work(pauseRequest({ durationMs: 200, ...request }), { cluster, events, signal })
  return { exitCode, said, record: cluster.recordsByName.get('pause-test'), ledgers }
}

t.test('every pause is told on its release: before it, after it, and for whom', async (t) => {
  const told: ReleaseEvent[] = []
  const { exitCode, record } = await paused(t, async (event) => void told.push(event), {
    requestedBy: { user: 'alice@example.com' },
  })
  t.equal(exitCode, 0)
  t.strictSame(
    told.map(({ reason, type, releases, operation }) => ({ reason, type, releases, operation })),
    ['Pausing', 'Unpaused'].map((reason) => ({
      reason,
      type: 'Normal',
      releases: ['my-ledger'],
      operation: 'pause-test',
    })),
  )
  t.match(told[0]?.message, /^pause-test, for alice@example\.com: about to pause 2 servers, for at most 20/)
  t.match(told[1]?.message, /^pause-test, for alice@example\.com: 2 unpaused/)
  t.strictSame(record?.requestedBy, { user: 'alice@example.com' }, 'and in its record')
})

t.test('an Event that cannot be written, or is never answered, changes nothing of a pause', async (t) => {
  const ways: Record<string, () => Promise<void>> = {
    refused: () => Promise.reject(new Failure({ what: 'may not create events', why: 'forbidden', next: 'install' })),
    'never answered': () => new Promise(() => undefined),
  }
  for (const [way, tell] of Object.entries(ways)) {
    const { exitCode, said, record, ledgers } = await paused(t, tell)
    t.equal(exitCode, 0, way)
    t.match(record, { state: 'succeeded', windows: [{ verdict: 'valid' }] }, way)
    t.strictSame(record?.stillPaused, [], way)
    t.strictSame(
      ledgers.map(({ gate }) => gate.isOpen),
      [true, true],
    )
    const complaints = said.filter(({ message }) => /no Kubernetes Event tells/.test(message))
    t.equal(complaints.length, way === 'refused' ? 1 : 0, `${way}: said once, and not for each`)
  }
})

t.test('what is under way is bounded, and so is the wait for it in the end', async (t) => {
  const said: string[] = []
  let asked = 0
  const told = toldOnReleases(
    { say: (_, message) => said.push(message) },
    { operation: 'unpause-x', releases: ['my-ledger'] },
    () => {
      asked += 1
      return new Promise(() => undefined)
    },
  )
  for (let count = 1; count <= 1000; count += 1) told.say('unpaused', `${count} unpaused`, { data: { count } })
  t.equal(asked, 50)
  t.equal(said.filter((message) => /does not answer/.test(message)).length, 1)
  const untilMs = performance.now() + 60_000
  const awake = setInterval(() => undefined, 1000)
  await told.settled()
  clearInterval(awake)
  t.ok(performance.now() < untilMs, 'it does not wait for ever')
  told.say('unpaused', '0 unpaused, 3 were not paused', { data: { count: 0 } })
  told.say('note', 'nothing that is done to a release')
  t.equal(asked, 50, 'what did nothing is not told')
})

/** An API server of two Deployments; of what it is sent, the Events are kept. */
async function apiServer(t: Test) {
  const made: { path: string; agent: string | undefined; body: unknown }[] = []
  const server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      response.setHeader('content-type', 'application/json')
      if (request.method === 'POST') {
        made.push({ path: pathname, agent: request.headers['user-agent'], body: await json(request) })
        response.statusCode = 201
        response.end('{}')
      } else {
        const items = ['my-ledger', 'my-envoy'].map((name) => ({ metadata: { name, uid: `uid-${name}` } }))
        response.end(JSON.stringify({ items }))
      }
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'a', server: url, skipTLSVerify: true }],
    users: [{ name: 'a' }],
    contexts: [{ name: 'a', cluster: 'a', user: 'a' }],
    currentContext: 'a',
  })
  const api: Api = connectApi(kubeConfig, 'pause-test')
  return { made, cluster: kubernetesCluster(api, 'ns') }
}

t.test('an Event is of its Deployment, labelled with the operation, short, and obeyed by no terminal', async (t) => {
  const { made, cluster } = await apiServer(t)
  const message = `\u001b[2J${'x'.repeat(5000)}`
  await cluster.tellOnReleases({
    operation: 'pause-test',
    releases: ['my'],
    reason: 'Pausing',
    message,
    type: 'Normal',
  })
  t.strictSame(
    made.map(({ path }) => path),
    ['/api/v1/namespaces/ns/events', '/api/v1/namespaces/ns/events'],
  )
  t.match(made[0]?.agent, /^kubectl-scalardl\/\S+ \(pause-test\)$/, 'the audit log names the operation')
  t.match(made[0]?.body, {
    metadata: { generateName: 'my-ledger.', labels: { 'kubectl-scalardl.dev/operation': 'pause-test' } },
    involvedObject: { kind: 'Deployment', name: 'my-ledger', namespace: 'ns', uid: 'uid-my-ledger' },
    reason: 'Pausing',
    type: 'Normal',
    source: { component: 'kubectl-scalardl' },
  })
  const [{ message: sent = '' } = {}] = made.map(({ body }) => body as { message?: string })
  t.equal(sent.length, 1000)
  t.match(sent, /^\\u001b\[2Jx+$/)
  await cluster.tellOnReleases({
    operation: 'pause-test',
    releases: [],
    reason: 'Pausing',
    message: 'x',
    type: 'Normal',
  })
  t.equal(made.length, 2, 'without a release there is nothing to tell it on')
})
