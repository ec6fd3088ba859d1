import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { whoAnswers } from '../../../../../../job/databases/cassandra/cassy/answering.ts'
import { scriptedRing } from '../../../../../stand-ins/cassandra/scripted-ring.ts'

// Whether Cassandra runs somewhere, as far as it can be seen from outside.

const { signal } = new AbortController()

/** A server that does this with each connection. */
async function listening(t: Test, serve: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    t.teardown(() => socket.destroy())
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const at = server.address()
  return { host: '127.0.0.1', port: typeof at === 'object' && at !== null ? at.port : 0 }
}

t.test('a node that runs answers before anybody logs in; one that is stopped does not', async (t) => {
  const ring = await scriptedRing(1, 'a password')
  t.teardown(() => ring.close())
  const place = { host: '127.0.0.1', port: ring.port }
  t.strictSame(await whoAnswers([place], signal), [place])
  ring.stop()
  t.strictSame(await whoAnswers([place], signal), [])
})

t.test('what takes a connection and says nothing counts as running', async (t) => {
  const hangs = await listening(t, () => undefined)
  t.strictSame(await whoAnswers([hangs], signal, 100), [hangs])
})

t.test('nothing that is not Cassandra counts: a refusal, a reset, another protocol', async (t) => {
  const places = [
    { host: '127.0.0.1', port: 1 },
    await listening(t, (socket) => socket.resetAndDestroy()),
    await listening(t, (socket) => socket.end()),
    await listening(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ]
  t.strictSame(await whoAnswers(places, signal), [])
})

t.test('an operation that is stopped waits for nobody', async (t) => {
  const stop = new AbortController()
  const hangs = await listening(t, () => stop.abort(new Error('stopped')))
  await t.rejects(whoAnswers([hangs], stop.signal), { message: 'stopped' })
})
