import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * An S3 server in front of another, for which a session may end: what comes with its access key from then on is refused
 * as Amazon's S3 does (400 ExpiredToken: "Error responses" in the Amazon S3 API Reference). `meanwhile` is called
 * before each refusal: the call was signed by then.
 */
export async function expiringService(
  t: Test,
  endpoint: string,
): Promise<{ endpoint: string; expire(accessKeyId: string, meanwhile: () => void): void }> {
  const { hostname, port } = new URL(endpoint)
  const expired = new Map<string, () => void>()
  const server = createServer((incoming, response) => {
    const { method, headers, url: path } = incoming
    const [, accessKeyId = ''] = /Credential=([^/]+)/.exec(headers.authorization ?? '') ?? []
    const meanwhile = expired.get(accessKeyId)
    if (meanwhile !== undefined) {
      meanwhile()
      incoming.resume()
      response.writeHead(400, { 'content-type': 'application/xml', connection: 'close' })
      const error = '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>'
      response.end(method === 'HEAD' ? '' : error)
      return
    }
    const forwarded = request({ hostname, port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    incoming.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    expire: (accessKeyId, meanwhile) => void expired.set(accessKeyId, meanwhile),
  }
}
