import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { KubeConfig } from '@kubernetes/client-node'
import { apiRequest } from '../../../../kubernetes/api-request.ts'
import { typedCalls } from '../../../../kubernetes/typed-calls.ts'
import type { Session } from '../../../../plugin/kubernetes/api/session.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void

/** A session whose API server is a real HTTP server of this test's own, so that it can misbehave as wanted. */
export async function sessionWith(handler: Handler): Promise<{ session: Session; close: () => void }> {
  const server = createServer((request, response) =>
    handler(request, response, new URL(request.url ?? '/', 'http://localhost')),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'test', server: url, skipTLSVerify: true }],
    users: [{ name: 'test', token: 'secret' }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  })
  const request = apiRequest(kubeConfig, undefined)
  const session: Session = {
    kubeConfig,
    namespace: 'ns',
    context: 'test',
    requestTimeoutMs: undefined,
    request,
    ...typedCalls(request),
  }
  return {
    session,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

export function answerJson(response: ServerResponse, body: unknown, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

export function answerStatus(response: ServerResponse, code: number, message: string): void {
  answerJson(response, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }, code)
}
