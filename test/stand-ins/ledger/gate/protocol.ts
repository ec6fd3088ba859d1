import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader'

/**
 * What the stand-in speaks, as data so that it is found in a bundle too: proto/admin.proto, proto/health.proto and
 * proto/google-rpc.proto (a test compares them), and ExecuteContract of ScalarDL's `rpc.Ledger` with the fields used
 * here (scalar-labs/scalardl, rpc/src/main/proto/scalar.proto). Written apart from the worker's own, so that a mistake
 * in one meets the other.
 */
const description = {
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
          oneofs: { _maxPauseWaitTime: { oneof: ['max_pause_wait_time'] } },
          fields: {
            wait_outstanding: { type: 'bool', id: 1 },
            max_pause_wait_time: { type: 'int64', id: 2, options: { proto3_optional: true } },
          },
        },
        CheckPausedResponse: { fields: { paused: { type: 'bool', id: 1 } } },
        Ledger: {
          methods: {
            ExecuteContract: { requestType: 'ContractExecutionRequest', responseType: 'ContractExecutionResponse' },
          },
        },
        ContractExecutionRequest: {
          fields: {
            contract_id: { type: 'string', id: 1 },
            contract_argument: { type: 'string', id: 2 },
            nonce: { type: 'string', id: 10 },
          },
        },
        ContractExecutionResponse: { fields: { contract_result: { type: 'string', id: 1 } } },
      },
    },
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                Health: {
                  methods: { Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' } },
                },
                HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                HealthCheckResponse: {
                  fields: { status: { type: 'ServingStatus', id: 1 } },
                  nested: { ServingStatus: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } } },
                },
              },
            },
          },
        },
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

/** Absent fields stay absent: an unset max_pause_wait_time and one of 0 mean different things. */
export const loaderOptions = { keepCase: true, longs: Number, enums: String } as const

export const definitions = fromJSON(description as unknown as Parameters<typeof fromJSON>[0], loaderOptions)

export type Empty = Record<string, never>
export interface PauseRequest {
  wait_outstanding?: boolean
  /** ms */
  max_pause_wait_time?: number
}
export interface ContractExecutionRequest {
  contract_id?: string
  nonce?: string
}

interface AdminService extends ServiceDefinition {
  Pause: MethodDefinition<PauseRequest, Empty>
  Unpause: MethodDefinition<Empty, Empty>
  CheckPaused: MethodDefinition<Empty, { paused: boolean }>
}
interface LedgerService extends ServiceDefinition {
  ExecuteContract: MethodDefinition<ContractExecutionRequest, { contract_result: string }>
}
interface HealthService extends ServiceDefinition {
  Check: MethodDefinition<{ service?: string }, { status: string }>
}

export const adminService = definitions['rpc.Admin'] as unknown as AdminService
export const ledgerService = definitions['rpc.Ledger'] as unknown as LedgerService
export const healthService = definitions['grpc.health.v1.Health'] as unknown as HealthService

const statusType = definitions['google.rpc.Status'] as unknown as MessageTypeDefinition<object, object>
const errorInfoType = definitions['google.rpc.ErrorInfo'] as unknown as MessageTypeDefinition<object, object>

/** The bytes of a `grpc-status-details-bin` trailer: a google.rpc.Status with one ErrorInfo. */
export function statusDetails(code: number, message: string, reason: string): Buffer {
  const value = errorInfoType.serialize({ reason, domain: 'com.scalar.dl.admin' })
  return statusType.serialize({
    code,
    message,
    details: [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value }],
  })
}
