import { fromJSON, type MessageTypeDefinition, type MethodDefinition } from '@grpc/proto-loader'

/**
 * The definitions of proto/admin.proto and proto/google-rpc.proto as data, so that they are found in the bundled worker
 * as well, where no file lies beside the program. A test compares them with proto/.
 */
const adminProtocol = {
  nested: {
    rpc: {
      nested: {
        Admin: {
          methods: {
            Pause: { requestType: 'PauseRequest', responseType: 'google.protobuf.Empty' },
            Unpause: { requestType: 'google.protobuf.Empty', responseType: 'google.protobuf.Empty' },
            CheckPaused: { requestType: 'google.protobuf.Empty', responseType: 'CheckPausedResponse' },
          },
        },
        PauseRequest: {
          oneofs: { _max_pause_wait_time: { oneof: ['max_pause_wait_time'] } },
          fields: {
            wait_outstanding: { type: 'bool', id: 1 },
            max_pause_wait_time: { type: 'int64', id: 2, options: { proto3_optional: true } },
          },
        },
        CheckPausedResponse: { fields: { paused: { type: 'bool', id: 1 } } },
      },
    },
    google: {
      nested: {
        protobuf: {
          nested: {
            Empty: { fields: {} },
            Any: { fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
          },
        },
        rpc: {
          nested: {
            Status: {
              fields: {
                code: { type: 'int32', id: 1 },
                message: { type: 'string', id: 2 },
                details: { rule: 'repeated', type: 'google.protobuf.Any', id: 3 },
              },
            },
            ErrorInfo: {
              fields: {
                reason: { type: 'string', id: 1 },
                domain: { type: 'string', id: 2 },
                metadata: { keyType: 'string', type: 'string', id: 3 },
              },
            },
          },
        },
      },
    },
  },
}

/**
 * How messages appear in this program: field names as in proto/, 64-bit numbers as numbers, absent fields filled in.
 */
export const loaderOptions = { keepCase: true, longs: Number, defaults: true } as const

type Empty = Record<string, never>
export interface PauseRequest {
  wait_outstanding: boolean
  /** ms */
  max_pause_wait_time: number
}
export interface AdminMethods {
  Pause: MethodDefinition<PauseRequest, Empty>
  Unpause: MethodDefinition<Empty, Empty>
  CheckPaused: MethodDefinition<Empty, { paused: boolean }>
}
interface Status {
  details: { type_url: string; value: Buffer }[]
}
interface ErrorInfo {
  reason: string
  domain: string
}

/** Exported for the comparison with proto/. */
export const definitions = fromJSON(adminProtocol as unknown as Parameters<typeof fromJSON>[0], loaderOptions)

/** The methods of rpc.Admin as grpc-js calls them. */
export const adminMethods = definitions['rpc.Admin'] as unknown as AdminMethods
const statusType = definitions['google.rpc.Status'] as unknown as MessageTypeDefinition<object, Status>
const errorInfoType = definitions['google.rpc.ErrorInfo'] as unknown as MessageTypeDefinition<object, ErrorInfo>

const errorInfoUrl = 'type.googleapis.com/google.rpc.ErrorInfo'
/** `com.scalar.dl.admin` on ScalarDL; other Scalar products may say another. */
const domainPrefix = 'com.scalar.'

/**
 * The reason in the ErrorInfo of a `grpc-status-details-bin` trailer, such as `TIMED_OUT`.
 * Undefined when there is none, when it is of another domain, or when the bytes are no such message.
 */
export function adminErrorReason(trailer: Buffer | string | undefined): string | undefined {
  if (!Buffer.isBuffer(trailer)) return undefined
  try {
    for (const { type_url, value } of statusType.deserialize(trailer).details) {
      if (type_url !== errorInfoUrl) continue
      const info = errorInfoType.deserialize(value)
      if (info.domain.startsWith(domainPrefix)) return info.reason
    }
  } catch {
    return undefined
  }
  return undefined
}
