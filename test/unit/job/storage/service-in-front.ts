import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** An answer in place of the real server's, with a body as S3 and Azure write errors. */
export interface Refusal {
  status: number
  code: string
  message: string
}

/**
 * A server of S3 or Azure in front of another, which answers some calls itself.
 * @param refuse what a call is refused with; undefined hands it on
 * @param headersOf what the real server's answer has beside its own
 * @param underWay filled with the calls that the real server is at work on
 * @returns its endpoint
 */
export async function serviceInFront(
  t: Test,
  endpoint: string,
  refuse: (call: IncomingMessage) => Refusal | undefined,
  headersOf: (call: IncomingMessage) => Record<string, string> = () => ({}),
  underWay: Set<IncomingMessage> = new Set(),
): Promise<string> {
  const { hostname, port } = new URL(endpoint)
  const server = createServer((incoming, response) => {
    const { method, headers, url: path } = incoming
    const refusal = refuse(incoming)
    if (refusal !== undefined) {
      const { status, code, message } = refusal
      incoming.resume()
      response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code, connection: 'close' })
      response.end(method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${message}</Message></Error>`)
      return
    }
    const forwarded = request({ hostname, port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...headersOf(incoming) })
      answer.pipe(response)
    })
    underWay.add(incoming)
    forwarded.on('error', () => response.destroy()).on('close', () => underWay.delete(incoming))
    // What is cut off on the one side is on the other.
    incoming.on('close', () => incoming.complete || forwarded.destroy())
    incoming.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
