import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t from 'tap'
import { freePort } from '../../stand-ins/free-port.ts'

t.test('a port is free for a server, and no other process is given it before that listens', async (t) => {
  const port = await freePort()
  const other = createSocket('udp4')
  t.teardown(() => other.close())
  other.bind({ port, address: '127.0.0.1', exclusive: true })
  await t.rejects(once(other, 'listening'), { code: 'EADDRINUSE' })

  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(port, '127.0.0.1')
  await once(client, 'connect')
  client.destroy()
  server.close()
})
