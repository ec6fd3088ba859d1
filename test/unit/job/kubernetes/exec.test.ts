import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import t, { type Test } from 'tap'
import { execInPod } from '../../../../job/kubernetes/elsewhere/exec.ts'
import { failureOf } from '../failure-of.ts'

// A server that speaks as the API server does over a WebSocket (Kubernetes: v5.channel.k8s.io, one byte for the channel
// before the data; RFC 6455). The real one is asked in test/end-to-end/worker/exec.test.ts.

const at = { namespace: 'db', pod: 'cassandra-0', container: 'cassandra' }
const long = { timeoutMs: 10_000, signal: new AbortController().signal }

interface Peer {
  /** sends data on a channel: 1 standard output, 2 standard error, 3 the status */
  send(channel: number, data: string | Buffer): void
  socket: Duplex
}

async function apiServer(t: Test, answer: (peer: Peer, url: URL) => void) {
  const server = createServer((_, response) => response.writeHead(404).end())
  const sockets = new Set<Duplex>()
  server.on('upgrade', ({ headers, url = '' }, socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    if (url.includes('forbidden')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      return
    }
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Protocol: v5.channel.k8s.io\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    const send = (channel: number, data: string | Buffer) => {
      const body = Buffer.concat([Buffer.from([channel]), Buffer.from(data)])
      const head =
        body.length < 126
          ? Buffer.from([0x82, body.length])
          : Buffer.from([0x82, 126, body.length >> 8, body.length & 255])
      socket.write(Buffer.concat([head, body]))
    }
    answer({ send, socket }, new URL(url, 'http://api'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    getCurrentCluster: () => ({ server: `http://127.0.0.1:${port}` }),
    applyToHTTPSOptions: async () => undefined,
  }
}

const exited = (code: number) =>
  JSON.stringify({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  })

t.test('what a command says and how it ends', async (t) => {
  const connection = await apiServer(t, ({ send }, url) => {
    t.equal(url.pathname, '/api/v1/namespaces/db/pods/cassandra-0/exec')
    t.strictSame(url.searchParams.getAll('command'), ['nodetool', 'snapshot', '-t', 'a b&c'])
    t.equal(url.searchParams.get('container'), 'cassandra')
    const euro = Buffer.from('€')
    send(1, euro.subarray(0, 1))
    send(1, Buffer.concat([euro.subarray(1), Buffer.from(' out')]))
    send(2, 'x'.repeat(300))
    send(3, exited(2))
  })
  const result = await execInPod(connection, at, ['nodetool', 'snapshot', '-t', 'a b&c'], long)
  t.strictSame(result, { exitCode: 2, stdout: '€ out', stderr: 'x'.repeat(300) })
  const good = await apiServer(t, ({ send }) => send(3, JSON.stringify({ status: 'Success' })))
  t.strictSame(await execInPod(good, at, ['true'], long), { exitCode: 0, stdout: '', stderr: '' })
})

t.test('a connection that breaks off, an answer that never comes and a signal are no success', async (t) => {
  const broken = await apiServer(t, ({ send, socket }) => {
    send(1, 'half')
    setImmediate(() => socket.destroy())
  })
  t.match(await failureOf(execInPod(broken, at, ['nodetool'], long)), { what: /has no known end/, why: /broke off/ })
  const silent = await apiServer(t, () => undefined)
  t.match(await failureOf(execInPod(silent, at, ['nodetool'], { ...long, timeoutMs: 100 })), { why: /within 100 ms/ })
  const stop = new AbortController()
  const running = execInPod(silent, at, ['nodetool'], { ...long, signal: stop.signal })
  setTimeout(() => stop.abort(new Error('told to stop')), 50)
  await t.rejects(running, { message: 'told to stop' })
  const strange = await apiServer(t, ({ send }) => send(3, JSON.stringify({ status: 'Failure', message: 'lost' })))
  t.match(await failureOf(execInPod(strange, at, ['nodetool'], long)), { what: /no known end/, why: 'lost' })
})

t.test('what did not begin says so', async (t) => {
  const connection = await apiServer(t, () => undefined)
  t.match(await failureOf(execInPod(connection, { ...at, pod: 'forbidden' }, ['nodetool'], long)), {
    what: /could not be started/,
    why: 'the worker may not exec in pods of namespace db',
    next: /get and create of pods\/exec/,
  })
})
