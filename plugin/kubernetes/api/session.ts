// Room: one cluster, one namespace, and calls to its API server.
// Read session, connect, api-error, apply.

import type { KubeConfig } from '@kubernetes/client-node'
import type { ApiRequest } from '../../../kubernetes/api-request.ts'
import type { TypedCalls } from '../../../kubernetes/typed-calls.ts'

/** One administrator's connection to one cluster and namespace, as the flags and the kubeconfig say. */
export interface Session extends TypedCalls {
  kubeConfig: KubeConfig
  namespace: string
  /** name of the context in use */
  context: string
  /** for one request, ms; undefined: no limit */
  requestTimeoutMs: number | undefined
  /** a request as it is on the wire, for what the typed calls cannot do: exact bytes, pages */
  request: ApiRequest
}
