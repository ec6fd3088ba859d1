import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

// The little of Cassandra's native protocol, version 4, that questions without parameters need (Apache Cassandra,
// doc/native_protocol_v4.spec).

/** A column and what a value of it is. */
export type ColumnType = 'text' | 'uuid' | 'inet' | 'int' | 'bigint' | 'set' | 'map'
export interface Answer {
  columns: readonly (readonly [name: string, type: ColumnType])[]
  /** null: no value */
  rows: readonly (readonly unknown[])[]
}

const opcodes = { error: 0, startup: 1, ready: 2, authenticate: 3, options: 5, supported: 6, query: 7, result: 8 }
const more = { register: 0x0b, authResponse: 0x0f, authSuccess: 0x10 }
const typeIds: Record<ColumnType, number[]> = {
  text: [0x0d],
  uuid: [0x0c],
  inet: [0x10],
  int: [0x09],
  bigint: [0x02],
  set: [0x22, 0x0d],
  map: [0x21, 0x0d, 0x0d],
}

const short = (value: number) => Buffer.from([value >> 8, value & 255])
const int = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const string = (text: string) => Buffer.concat([short(Buffer.byteLength(text)), Buffer.from(text)])
const bytes = (value: Buffer | undefined) => (value === undefined ? int(-1) : Buffer.concat([int(value.length), value]))

function encoded(type: ColumnType, value: unknown): Buffer | undefined {
  if (value === null || value === undefined) return undefined
  const list = (items: readonly string[]) => items.map((item) => bytes(Buffer.from(item)))
  switch (type) {
    case 'text':
      return Buffer.from(String(value))
    case 'uuid':
      return Buffer.from(String(value).replaceAll('-', ''), 'hex')
    case 'int':
      return int(Number(value))
    case 'bigint': {
      const eight = Buffer.alloc(8)
      eight.writeBigInt64BE(BigInt(Number(value)))
      return eight
    }
    case 'inet':
      return Buffer.from(String(value).split('.').map(Number))
    case 'set':
      return Buffer.concat([int((value as string[]).length), ...list(value as string[])])
    case 'map': {
      const entries = Object.entries(value as Record<string, string>)
      return Buffer.concat([int(entries.length), ...list(entries.flat())])
    }
  }
}

/** RESULT of kind Rows, with its table in every column. */
function rowsBody({ columns, rows }: Answer): Buffer {
  return Buffer.concat([
    int(2),
    int(1),
    int(columns.length),
    string('system'),
    string('answer'),
    ...columns.flatMap(([name, type]) => [string(name), ...typeIds[type].map(short)]),
    int(rows.length),
    ...rows.flatMap((row) => columns.map(([, type], at) => bytes(encoded(type, row[at])))),
  ])
}

/** A server of the native protocol. */
export interface CqlServer {
  port: number
  /** addresses at which nobody is answered: the port stays taken, so that no other test gets it */
  stopped: Set<string>
  /** what a node says of the others that know the users, where these are down: it lets nobody in, and serves nobody */
  usersAway?: string | undefined
  /** ends the connections to an address, and takes no more */
  stop(address: string): void
  close(): void
}

/**
 * Starts one on the loopback interface and wherever else it is told.
 * @param answer of a question at an address; undefined: the server does not know it, and says so
 * @param password that the user cassandra has to give; undefined: nobody is asked
 * @param furtherAddresses at which it answers as well, on the same port
 * @param port 0: any that is free
 */
export async function startCqlServer(
  answer: (query: string, address: string) => Answer | undefined,
  password?: string,
  furtherAddresses: readonly string[] = [],
  port = 0,
): Promise<CqlServer> {
  const sockets = new Set<Socket>()
  const stopped = new Set<string>()
  const serve = (socket: Socket) => {
    if (stopped.has(socket.localAddress ?? '')) return void socket.resetAndDestroy()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let rest = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data])
      while (rest.length >= 9 && rest.length >= 9 + rest.readInt32BE(5)) {
        const [version, stream, opcode] = [rest.readUInt8(0), rest.subarray(2, 4), rest.readUInt8(4)]
        const body = rest.subarray(9, 9 + rest.readInt32BE(5))
        rest = rest.subarray(9 + body.length)
        const [code, said] = reply(version, opcode, body, socket.localAddress ?? '')
        socket.write(Buffer.concat([Buffer.from([0x84, 0]), stream, Buffer.from([code]), int(said.length), said]))
      }
    })
  }

  function reply(version: number, opcode: number, body: Buffer, address: string): [number, Buffer] {
    const error = (code: number, text: string): [number, Buffer] => [
      opcodes.error,
      Buffer.concat([int(code), string(text)]),
    ]
    if ((version & 127) !== 4) return error(0x0a, 'Invalid or unsupported protocol version; the newest is 4')
    if (opcode === opcodes.options) return [opcodes.supported, short(0)]
    if (opcode === opcodes.startup)
      return password === undefined
        ? [opcodes.ready, Buffer.alloc(0)]
        : [opcodes.authenticate, string('org.apache.cassandra.auth.PasswordAuthenticator')]
    if (opcode === more.authResponse) {
      const given = body.subarray(4).toString()
      if (server?.usersAway !== undefined) return error(0x0100, `Unable to perform authentication: ${server.usersAway}`)
      return given === `\0cassandra\0${password}`
        ? [more.authSuccess, int(-1)]
        : error(0x0100, 'Provided username cassandra and/or password are incorrect')
    }
    if (opcode === more.register) return [opcodes.ready, Buffer.alloc(0)]
    if (server?.usersAway !== undefined && password !== undefined)
      return error(0x2100, `Unable to perform authorization of super-user permission: ${server.usersAway}`)
    const query = body.subarray(4, 4 + body.readInt32BE(0)).toString()
    const found = opcode === opcodes.query ? answer(query, address) : undefined
    if (found === undefined) return error(0x2000, `unknown question: ${query}`)
    return [opcodes.result, rowsBody(found)]
  }

  let server: CqlServer | undefined
  const servers: Server[] = []
  let own = port
  for (const address of ['127.0.0.1', ...furtherAddresses]) {
    const listener = createServer(serve).listen(own, address)
    servers.push(listener)
    await once(listener, 'listening')
    const at = listener.address()
    own = typeof at === 'object' && at !== null ? at.port : 0
  }
  server = {
    port: own,
    stopped,
    stop(address) {
      stopped.add(address)
      for (const socket of sockets) if (socket.localAddress === address) socket.destroy()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      // The first one last: whoever gets its port then finds the others free.
      for (const one of servers.toReversed()) one.close()
    },
  }
  return server
}
