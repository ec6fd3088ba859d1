import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { mounts } from '../../../operation/request.ts'

/**
 * What worker and guard of one operation have in common and nobody else has. The plugin makes it, and the kubelet
 * brings it to both.
 */
export interface OperationKey {
  operation: string
  /** 32 bytes */
  secret: Buffer
}

/** Pre-shared keys with forward secrecy (RFC 5489), as Node has them: TLS 1.2. No certificate is needed. */
const protocol = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const
const secretBytes = 32

/**
 * The key that is mounted into this pod; undefined where there is none. A pod starts without it, since what an earlier
 * one left paused has to be unpaused whether or not a key is there.
 */
export async function mountedKey(
  operation: string,
  file: string = mounts.operationKey,
): Promise<OperationKey | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const secret = Buffer.from(text.trim(), 'hex')
  return secret.length === secretBytes ? { operation, secret } : undefined
}

/** A connection to whoever listens there; `secureConnect` says that it has the same key. */
export function connectWithKey(host: string, port: number, { operation, secret }: OperationKey): TLSSocket {
  return connect({
    host,
    port,
    ...protocol,
    pskCallback: () => ({ psk: secret, identity: operation }),
    // The key is the identity.
    checkServerIdentity: () => undefined,
  })
}

/**
 * Speaks with connections that are handed to it by `emit('connection', socket)`.
 * @param connected given those that have the same key
 * @param refused told of each that has not
 */
export function serverWithKey(
  { operation, secret }: OperationKey,
  handshakeMs: number,
  connected: (socket: TLSSocket) => void,
  refused: (socket: Socket) => void,
): Server {
  const server = createServer(
    {
      ...protocol,
      handshakeTimeout: handshakeMs,
      pskCallback: (_, identity) => (identity === operation ? secret : null),
    },
    connected,
  )
  server.on('tlsClientError', (_, socket) => {
    refused(socket)
    socket.destroy()
  })
  return server
}
