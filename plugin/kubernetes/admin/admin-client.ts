import {
  credentials,
  makeClientConstructor,
  status,
  type ChannelCredentials,
  type Client,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js'

const empty = {
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: () => undefined,
  requestStream: false,
  responseStream: false,
} as const

/** The two calls of rpc.Admin that end a pause; their messages are so small that they need no generated code. */
const calls = {
  unpause: {
    ...empty,
    path: '/rpc.Admin/Unpause',
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => undefined,
  },
  // CheckPausedResponse: field 1, a varint, left out when false
  checkPaused: {
    ...empty,
    path: '/rpc.Admin/CheckPaused',
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: (bytes: Buffer) => bytes[0] === 0x08 && bytes[1] === 1,
  },
}

let AdminClient: ServiceClientConstructor | undefined

/** Made for the first connection, so that grpc-js is not loaded where there is nobody to ask. */
function adminClientClass(): ServiceClientConstructor {
  AdminClient ??= makeClientConstructor(calls, 'rpc.Admin')
  return AdminClient
}

export interface AdminTls {
  /** PEM; the system's own CAs when absent */
  ca: string | undefined
  /** name in the server's certificate; absent: the address itself, which through a port-forward never fits */
  authority: string | undefined
}

function unary<T>(client: Client, method: string, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const call: unknown = Reflect.get(client, method)
    if (typeof call !== 'function') throw new Error(`rpc.Admin has no ${method}`)
    call.call(client, undefined, { deadline: Date.now() + timeoutMs }, (error: ServiceError | null, answer: T) =>
      error === null ? resolve(answer) : reject(error),
    )
  })
}

/** A connection to the admin interface of one server. */
export interface AdminConnection {
  unpause(): Promise<void>
  /** undefined where the server is too old to know */
  isPaused(): Promise<boolean | undefined>
  close(): void
}

/**
 * Connects to a server's admin interface.
 * @param tls undefined: plaintext
 * @param timeoutMs for each call
 */
export function connectAdmin(address: string, tls: AdminTls | undefined, timeoutMs: number): AdminConnection {
  const channel: ChannelCredentials =
    tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(tls.ca === undefined ? null : Buffer.from(tls.ca))
  const authority =
    tls?.authority === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': tls.authority, 'grpc.default_authority': tls.authority }
  const client = new (adminClientClass())(address, channel, { ...authority, 'grpc.enable_http_proxy': 0 })
  return {
    unpause: () => unary<void>(client, 'unpause', timeoutMs),
    async isPaused() {
      try {
        return await unary<boolean>(client, 'checkPaused', timeoutMs)
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === status.UNIMPLEMENTED) return undefined
        throw error
      }
    },
    close: () => client.close(),
  }
}
