// Room: one cluster, one namespace, and calls to its API server.
// Read session, connect, api-error, apply.

import type {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  RbacAuthorizationV1Api,
} from '@kubernetes/client-node'
import type { ApiRequest } from './api-request.ts'

/** One administrator's connection to one cluster and namespace, as the flags and the kubeconfig say. */
export interface Session {
  kubeConfig: KubeConfig
  namespace: string
  /** name of the context in use */
  context: string
  core: CoreV1Api
  apps: AppsV1Api
  batch: BatchV1Api
  rbac: RbacAuthorizationV1Api
  coordination: CoordinationV1Api
  authorization: AuthorizationV1Api
  /** for one request, ms; undefined: no limit */
  requestTimeoutMs: number | undefined
  /** a request as it is on the wire, for what the typed clients cannot do: exact bytes, streams */
  request: ApiRequest
}
