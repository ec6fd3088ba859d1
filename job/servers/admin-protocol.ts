import { rpcMethod, wiresOf } from './wire.ts'

/**
 * The messages of proto/admin.proto and proto/google-rpc.proto as data, so that they are found in the bundled worker
 * as well, where no file lies beside the program. A test compares them with proto/.
 */
const adminProtocol = {
  nested: {
    rpc: {
      nested: {
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

const wireOf = wiresOf(adminProtocol)

interface PauseRequest {
  wait_outstanding: boolean
  /** ms */
  max_pause_wait_time: number
}
interface Status {
  details: { type_url: string; value: Buffer }[]
}
interface ErrorInfo {
  reason: string
  domain: string
}

const empty = wireOf<Record<string, never>>('google.protobuf.Empty')
export const adminMethods = {
  Pause: rpcMethod('/rpc.Admin/Pause', wireOf<PauseRequest>('rpc.PauseRequest'), empty),
  Unpause: rpcMethod('/rpc.Admin/Unpause', empty, empty),
  CheckPaused: rpcMethod('/rpc.Admin/CheckPaused', empty, wireOf<{ paused: boolean }>('rpc.CheckPausedResponse')),
}
const statusWire = wireOf<Status>('google.rpc.Status')
const errorInfoWire = wireOf<ErrorInfo>('google.rpc.ErrorInfo')

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
    for (const { type_url, value } of statusWire.deserialize(trailer).details) {
      if (type_url !== errorInfoUrl) continue
      const info = errorInfoWire.deserialize(value)
      if (info.domain.startsWith(domainPrefix)) return info.reason
    }
  } catch {
    return undefined
  }
  return undefined
}
