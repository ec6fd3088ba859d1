import { formatDuration } from '../../operation/duration.ts'
import { isIP } from 'node:net'
import { Client, credentials, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js'
import { adminMethods } from './admin-protocol.ts'
import { pauseReplyOf, type PauseReply } from './pause-reply.ts'
import type { RpcMethod } from './wire.ts'

/** How to speak TLS to the admin ports; undefined in its place means plaintext. */
export interface AdminTls {
  /** PEM; undefined: the roots that Node trusts */
  ca: string | undefined
  /** the name that certificates are checked against, in place of the host */
  authority: string | undefined
}

/** Where one admin service listens. */
export interface AdminAddress {
  /** an IP address; a name would hide several servers behind one connection */
  host: string
  port: number
  /** the name under which the address was found, for the certificate's check */
  serverName?: string
}

export interface AdminClient {
  /** host:port */
  readonly address: string
  /** @throws ServiceError or Error where no connection stands within the time */
  connect(timeoutMs: number): Promise<void>
  /**
   * Closes the gate and waits for the requests in flight. Never throws for what the server says.
   * @param drainMs how long the server may wait for them
   */
  pause(drainMs: number): Promise<PauseReply>
  /** @throws ServiceError where it was not answered with OK */
  unpause(timeoutMs: number): Promise<void>
  /**
   * Undefined where the server does not know the call (versions before scalar-admin 2.2).
   * @throws ServiceError for any other failure
   */
  checkPaused(timeoutMs: number): Promise<boolean | undefined>
  close(): void
}

/** How much longer than the drain a Pause may take: a deadline that passed first would leave its outcome unknown. */
const answerMs = 5000

const channelOptions = {
  'grpc.enable_http_proxy': 0,
  // A repeated Pause must be ours to decide.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  // Statistics that nobody reads cost time in the pause.
  'grpc.enable_channelz': 0,
  // An Unpause must not wait for a long back-off after a moment without network.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
}

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress({ host, port }: AdminAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** A client of one admin service; it connects when told to, or with its first call. */
export function adminClient(at: AdminAddress, tls: AdminTls | undefined): AdminClient {
  const address = formatAddress(at)
  const name = tls?.authority ?? at.serverName
  const open = () =>
    new Client(address, channelCredentials(tls), {
      ...channelOptions,
      ...(tls === undefined || name === undefined
        ? {}
        : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
    })
  let client = open()
  let closed = false

  function call<Request, Response>(
    method: RpcMethod<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs }
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        options,
        (error, response) => {
          if (error !== null) reject(plainly(error, timeoutMs))
          else if (response === undefined) reject(new Error(`${address} answered with nothing`))
          else resolve(response)
        },
      )
    })
  }

  return {
    address,
    connect: (timeoutMs) =>
      new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + timeoutMs, (error) => (error === undefined ? resolve() : reject(error)))
      }),
    async pause(drainMs) {
      try {
        await call(adminMethods.Pause, { wait_outstanding: true, max_pause_wait_time: drainMs }, drainMs + answerMs)
        return { kind: 'paused' }
      } catch (error) {
        return isServiceError(error) ? pauseReplyOf(error) : { kind: 'lost', why: String(error) }
      }
    },
    async unpause(timeoutMs) {
      try {
        await call(adminMethods.Unpause, {}, timeoutMs)
      } catch (error) {
        // A connection that lost its network learns of its return only by TCP's next retransmission, up to minutes
        // later: the next try has its own.
        if (!closed && isServiceError(error) && error.code === status.DEADLINE_EXCEEDED) {
          client.close()
          client = open()
        }
        throw error
      }
    },
    async checkPaused(timeoutMs) {
      try {
        return (await call(adminMethods.CheckPaused, {}, timeoutMs)).paused
      } catch (error) {
        if (isServiceError(error) && error.code === status.UNIMPLEMENTED) return undefined
        throw error
      }
    },
    close() {
      closed = true
      client.close()
    },
  }
}

function channelCredentials(tls: AdminTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure()
  return credentials.createSsl(tls.ca === undefined ? null : Buffer.from(tls.ca))
}

/** A failed call without what grpc-js says of its own inner life: name resolution, load balancing, tries of each. */
function plainly(error: ServiceError, timeoutMs: number): ServiceError {
  const said = error.details
    .replace(/\.?\s*Resolution note:.*$/s, '')
    .replace(/^No connection established\.\s*(Last error: (Error: )?)?/, '')
  error.details = error.code === status.DEADLINE_EXCEEDED ? `no answer in ${formatDuration(timeoutMs)}` : said
  error.message = `${status[error.code]}: ${error.details}`
  return error
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'metadata' in error
}
