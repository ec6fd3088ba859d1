import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import { connectApi, type Api } from '../../../../job/kubernetes/api.ts'

interface Event {
  type: string
  object: {
    metadata: {
      name: string
      uid: string
      resourceVersion: string
      labels?: Record<string, string>
      generation?: number
    }
    [more: string]: unknown
  }
}

/** An API server with one changing list of pods, whose watches can be broken; Deployments and the like are empty. */
export interface WatchedApi {
  api: Api
  /** tells all watches, and those that come later from an earlier version */
  happen(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, status?: Record<string, unknown>): void
  /** ends every watch that stands, without a word */
  cut(): void
  /** answers nothing but 503 */
  away: boolean
  /** versions before this one are forgotten: 410 */
  forget(): void
  /** watches of pods that were begun */
  begun: number
}

export async function watchedApi(teardown: (close: () => void) => void): Promise<WatchedApi> {
  const pods = new Map<string, Event['object']>()
  const events: Event[] = []
  const watches = new Set<ServerResponse>()
  let version = 100
  let forgotten = 0

  function watchPods(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('resourceVersion'))
    self.begun += 1
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < forgotten) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`)
      return
    }
    for (const event of events)
      if (Number(event.object.metadata.resourceVersion) > from) response.write(`${JSON.stringify(event)}\n`)
    watches.add(response)
    response.on('close', () => watches.delete(response))
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (self.away) {
      response.writeHead(503, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ kind: 'Status', code: 503, message: 'away' }))
      return
    }
    const ofPods = url.pathname.endsWith('/pods')
    if (url.searchParams.get('watch') === 'true') {
      if (ofPods) return watchPods(url, response)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        kind: 'List',
        apiVersion: 'v1',
        metadata: { resourceVersion: String(version) },
        items: ofPods ? [...pods.values()] : [],
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromOptions({
    clusters: [
      {
        name: 'test',
        server: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
        skipTLSVerify: true,
      },
    ],
    users: [{ name: 'test', token: 'secret' }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  })
  const self: WatchedApi = {
    api: connectApi(kubeConfig),
    away: false,
    begun: 0,
    happen(type, name, status = {}) {
      version += 1
      const labels = { 'app.kubernetes.io/app': 'ledger', 'app.kubernetes.io/instance': 'my' }
      const object = {
        metadata: { name, uid: `uid-${name}`, resourceVersion: String(version), labels },
        status: { phase: 'Running', podIP: '10.0.0.1', ...status },
      }
      if (type === 'DELETED') pods.delete(name)
      else pods.set(name, object)
      const event = { type, object }
      events.push(event)
      for (const watch of watches) watch.write(`${JSON.stringify(event)}\n`)
    },
    cut() {
      for (const watch of watches) watch.destroy()
    },
    forget() {
      forgotten = version
    },
  }
  return self
}
