import { once } from 'node:events'
import { createServer } from 'node:http'

/** The way of one worker to AWS: it can be cut for good, as when the worker is killed. */
export interface Gateway {
  endpoint: string
  /**
   * From now on every call is refused, without reaching AWS: as long as the process lives, so that nothing of a dead
   * worker tries on.
   */
  cut(): void
  close(): Promise<void>
}

/**
 * @param after called after each call that AWS was reached with, before its answer goes on
 */
export async function openGateway(
  aws: { endpoint: string },
  after: (operation: string) => Promise<void> = async () => undefined,
): Promise<Gateway> {
  let isCut = false
  const server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      if (isCut) {
        response
          .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
          .end(JSON.stringify({ __type: 'com.amazon#Killed', message: 'the worker is dead' }))
        return
      }
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
      const answer = await fetch(`${aws.endpoint}${request.url}`, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: Buffer.concat(parts),
      })
      const body = Buffer.from(await answer.arrayBuffer())
      await after(String(request.headers['x-amz-target']).split('.')[1] ?? '')
      response
        .writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? '',
          date: answer.headers.get('date') ?? '',
        })
        .end(body)
    }
    forward().catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    cut() {
      isCut = true
      server.unref()
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
