import type { Socket } from 'node:net'
import type * as z from 'zod'

/** One end of a connection between worker and guard: JSON lines either way. */
export interface Link<Sent> {
  /** never throws; what is sent on a closed link is lost */
  send(message: Sent): void
  close(): void
  readonly closed: boolean
}

/** What one end does with what it is told. */
export interface LinkEvents<Received> {
  received(message: Received): void
  /** called once, whatever closed the link; nothing is received after it */
  closed(): void
}

/** Longer than the hold of a thousand servers; nobody of ours sends more. Characters */
const longestLine = 4 * 1024 * 1024

/**
 * Speaks over a socket. A line that does not fit the schema closes it: the other end is of another version, or no peer.
 */
export function openLink<Received, Sent>(
  socket: Socket,
  schema: z.ZodType<Received>,
  events: LinkEvents<Received>,
): Link<Sent> {
  let rest = ''
  let closed = false
  socket.setNoDelay(true)
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) socket.destroy()
    for (const line of lines) {
      if (closed || socket.destroyed) return
      const message = parse(line, schema)
      if (message === undefined) socket.destroy()
      else events.received(message)
    }
  })
  // 'close' tells that the link is gone, whatever went wrong.
  socket.on('error', () => undefined)
  // Once the other end stops speaking, so do we.
  socket.on('end', () => socket.destroy())
  socket.on('close', () => {
    closed = true
    events.closed()
  })
  return {
    send(message) {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
    },
    close: () => socket.destroySoon(),
    get closed() {
      return closed
    },
  }
}

function parse<Received>(line: string, schema: z.ZodType<Received>): Received | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
