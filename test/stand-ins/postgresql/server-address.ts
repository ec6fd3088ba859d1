import { randomInt } from 'node:crypto'
import { freePort } from '../free-port.ts'

/** Where a server behind a service's instance is. */
export interface ServerAddress {
  /** as the service tells it to everybody */
  host: string
  port: number
  /** as the stand-in itself knows it */
  own: { listensOn: string; reachedAt: { host: string; port: number } }
}

/** Where all of them are: at one port, since those of a service differ in their hosts alone. */
export interface ServerAddresses {
  port: number
  /** @param number how many there were before it */
  of(number: number): ServerAddress
}

/** Addresses of this machine alone. */
export async function loopbackAddresses(): Promise<ServerAddresses> {
  const port = await freePort()
  const of = () => {
    const host = `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`
    return { host, port, own: { listensOn: host, reachedAt: { host, port } } }
  }
  return { port, of }
}
