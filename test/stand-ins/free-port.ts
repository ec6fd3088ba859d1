import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Ports that Linux gives to no connection that asks for any (ip_local_port_range begins at 32768): a server may take
 * seconds until it listens, in which busy neighbours open hundreds of connections.
 */
const [first, end] = [12_000, 30_000]

/** A TCP port of the loopback interface that nobody listens on now, and that no connection is given by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, end)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') continue
      throw error
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
