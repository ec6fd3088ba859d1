import { randomInt } from 'node:crypto'
import { isIPv4 } from 'node:net'
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
  /** of one server more */
  next(): ServerAddress
}

/** Endpoints by which a service may tell one server, beside its host. */
export const furtherEndpoints = ['reader', 'custom', 'instance-0', 'instance-1', 'instance-2'] as const
export type FurtherEndpoint = (typeof furtherEndpoints)[number]

/**
 * The host of a further endpoint, another than the server's own: of a server of this machine its address in another
 * spelling (inet_aton(3)), in a cluster a Service of its own (servers-in-pod.ts).
 */
export function furtherHost({ host }: Pick<ServerAddress, 'host'>, endpoint: FurtherEndpoint): string {
  if (!isIPv4(host)) return `${host}-${endpoint}`
  const [a = 0, b = 0, c = 0, d = 0] = host.split('.').map(Number)
  const hex = (part: number) => `0x${part.toString(16)}`
  return {
    reader: `${hex(a)}.${b}.${c}.${d}`,
    custom: `${hex(a)}.${hex(b)}.${c * 256 + d}`,
    'instance-0': `${a}.${b}.${c * 256 + d}`,
    'instance-1': `${a}.${(b * 256 + c) * 256 + d}`,
    'instance-2': `${hex(a)}.${b}.${c * 256 + d}`,
  }[endpoint]
}

/** Addresses of this machine alone. */
export async function loopbackAddresses(): Promise<ServerAddresses> {
  const port = await freePort()
  const next = () => {
    const host = `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`
    return { host, port, own: { listensOn: host, reachedAt: { host, port } } }
  }
  return { port, next }
}
