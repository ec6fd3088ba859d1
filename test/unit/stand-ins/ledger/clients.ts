import {
  credentials,
  makeClientConstructor,
  Metadata,
  type ChannelCredentials,
  type Client,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'
import { resolve } from 'node:path'
import { ledgerService } from '../../../stand-ins/ledger/gate/protocol.ts'

const folder = resolve(import.meta.dirname, '../../../../proto')
const options = { keepCase: true, longs: Number, enums: String, defaults: true, includeDirs: [folder] }
const written = loadSync(['admin.proto', 'health.proto', 'google-rpc.proto'], options)

/** How a call ended. */
export interface Answer {
  /** 0 is OK */
  code: number
  /** `domain reason` of the ErrorInfo in grpc-status-details-bin */
  errorInfo: string | undefined
  value: Record<string, unknown>
}

function errorInfoOf(metadata: Metadata): string | undefined {
  const [trailer] = metadata.get('grpc-status-details-bin')
  if (!Buffer.isBuffer(trailer)) return undefined
  const status = (
    written['google.rpc.Status'] as unknown as MessageTypeDefinition<
      object,
      { details: { type_url: string; value: Buffer }[] }
    >
  ).deserialize(trailer)
  const [detail] = status.details
  if (detail?.type_url !== 'type.googleapis.com/google.rpc.ErrorInfo') return undefined
  const info = (
    written['google.rpc.ErrorInfo'] as unknown as MessageTypeDefinition<object, { domain: string; reason: string }>
  ).deserialize(detail.value)
  return `${info.domain} ${info.reason}`
}

/**
 * Calls one service; made from the files of proto/, so that the stand-in's own definitions are not asked about
 * themselves.
 */
export class ServiceClient {
  readonly #client: Client
  readonly #service: ServiceDefinition

  constructor(
    name: 'rpc.Admin' | 'rpc.Ledger' | 'grpc.health.v1.Health',
    address: string,
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    this.#service = name === 'rpc.Ledger' ? ledgerService : (written[name] as unknown as ServiceDefinition)
    this.#client = new (makeClientConstructor(this.#service, name))(address, channel)
  }

  /** @param deadlineMs the client gives up after so long */
  call(method: string, request: object = {}, deadlineMs = 10_000): Promise<Answer> {
    const definition = this.#service[method]
    if (definition === undefined) throw new Error(`no method ${method}`)
    return new Promise((done) => {
      const finish = (error: ServiceError | null, value: unknown) =>
        done({
          code: error?.code ?? 0,
          errorInfo: error === null ? undefined : errorInfoOf(error.metadata),
          value: (value ?? {}) as Record<string, unknown>,
        })
      this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + deadlineMs },
        finish,
      )
    })
  }

  close(): void {
    this.#client.close()
  }
}
