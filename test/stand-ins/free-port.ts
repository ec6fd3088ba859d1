import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Ports that Linux gives to no connection that asks for any (ip_local_port_range begins at 32768): a server may take
 * seconds until it listens, in which busy neighbours open hundreds of connections.
 */
const [first, end] = [12_000, 30_000]

/**
 * A TCP port of the loopback interface that nobody listens on now, and that neither a connection nor another process
 * that asks here is given. Until this process ends, it holds the UDP port of that number, which says so to the others.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, end)
    const held = createSocket('udp4').unref()
    const server = createServer()
    try {
      held.bind({ port, address: '127.0.0.1', exclusive: true })
      await once(held, 'listening')
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    } catch (error) {
      held.close()
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') continue
      throw error
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
