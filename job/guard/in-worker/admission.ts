import { createServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { serverWithKey, type OperationKey } from '../protocol/operation-key.ts'
import type { GuardPods } from './guard-pods.ts'

/** The door of the worker's port: who may speak to it at all. */
export interface Admission {
  close(): void
}

export interface AdmissionOptions {
  port: number
  key: OperationKey
  pods: GuardPods
  /** given each connection from a guard's address that has the operation's key */
  admitted(socket: TLSSocket): void
  /** told where one from a guard's address has not */
  refused(): void
  /** nobody can connect at all */
  failed(error: Error): void
}

/** Connections that nobody knows yet; one more takes the place of the oldest. */
const mostUnknown = 4
/** Of what comes before the key is proven; a guard sends 150 bytes. */
const mostUnprovenBytes = 1024
/** Longer than a guard waits for a word, so that it is the guard that gives up. ms */
const patienceMs = 5000
/** Of a TLS record and the handshake message in it: type, version, length; type, length (RFC 5246, 6.2.1 and 7.4). */
const headerBytes = 9
const handshakeRecord = 22

export function admitGuards({ port, key, pods, admitted, refused, failed }: AdmissionOptions): Admission {
  const unproven = new Set<Socket>()
  const secured = serverWithKey(key, patienceMs, admitted, refused)
  // Nothing is read of a connection before it is known.
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => void meet(socket))
  server.on('error', failed)
  // Without a host Node listens on :: and 0.0.0.0, whichever the pod has.
  server.listen(port)

  async function meet(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy())
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    if (!pods.speakFrom(address)) {
      const waiting = [...unproven]
      unproven.add(socket)
      if (waiting.length >= mostUnknown) waiting[0]?.destroy()
      const timer = setTimeout(() => socket.destroy(), patienceMs)
      socket.once('close', () => unproven.delete(socket))
      while (!socket.destroyed && !pods.speakFrom(address)) await pods.look()
      clearTimeout(timer)
      unproven.delete(socket)
    }
    if (!socket.destroyed) listen(socket)
  }

  function listen(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), patienceMs)
    socket.once('close', () => clearTimeout(timer))
    socket.once('data', (first: Buffer) => {
      clearTimeout(timer)
      if (isShortHello(first)) {
        socket.pause()
        socket.unshift(first)
        secured.emit('connection', socket)
      } else {
        refused()
        socket.destroy()
      }
    })
    socket.resume()
  }

  return {
    close() {
      server.close()
      for (const socket of unproven) socket.destroy()
    },
  }
}

/** Whether this begins a TLS connection, and neither has nor announces more bytes than a guard needs. */
function isShortHello(first: Buffer): boolean {
  return (
    first.length >= headerBytes &&
    first.length <= mostUnprovenBytes &&
    first[0] === handshakeRecord &&
    first.readUInt16BE(3) <= mostUnprovenBytes &&
    first.readUIntBE(6, 3) <= mostUnprovenBytes
  )
}
