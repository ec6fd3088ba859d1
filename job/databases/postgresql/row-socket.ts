import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Bytes that are read at once. */
const readBytes = 128 << 10

/** A connection that reads into the same memory each time: new memory for each read costs more than what is read. */
export interface RowSocket extends Duplex {
  /**
   * Has what comes, in the place of the listeners for data. It is good until this returns; of a socket that is paused
   * meanwhile, until it goes on.
   */
  reader?: ((chunk: Buffer) => void) | undefined
}

/** A socket that is not connected yet. Whoever listens for data gets copies, to be kept. */
export function rowSocket(): RowSocket {
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  const socket: RowSocket = new Socket({
    onread: {
      buffer,
      callback: (bytes) => {
        const chunk = buffer.subarray(0, bytes)
        if (socket.reader === undefined) socket.emit('data', Buffer.from(chunk))
        else socket.reader(chunk)
        return true
      },
    },
  })
  return socket
}
