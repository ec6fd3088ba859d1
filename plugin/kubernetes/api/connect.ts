import {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  RbacAuthorizationV1Api,
} from '@kubernetes/client-node'
import { parseDuration } from '../../../operation/duration.ts'
import { apiRequest } from './api-request.ts'
import { loadKubeConfig, type ConnectionFlags } from './kube-config.ts'
import type { Session } from './session.ts'

/**
 * The connection that the flags and the kubeconfig describe; nothing is sent yet.
 * @throws Failure for a kubeconfig that cannot be read or lacks the context.
 */
export function connect(flags: ConnectionFlags): Session {
  const kubeConfig = loadKubeConfig(flags)
  const context = kubeConfig.getContextObject(kubeConfig.currentContext)
  return {
    kubeConfig,
    namespace: flags.namespace ?? context?.namespace ?? 'default',
    context: kubeConfig.currentContext,
    core: kubeConfig.makeApiClient(CoreV1Api),
    apps: kubeConfig.makeApiClient(AppsV1Api),
    batch: kubeConfig.makeApiClient(BatchV1Api),
    rbac: kubeConfig.makeApiClient(RbacAuthorizationV1Api),
    coordination: kubeConfig.makeApiClient(CoordinationV1Api),
    authorization: kubeConfig.makeApiClient(AuthorizationV1Api),
    requestTimeoutMs: flags.requestTimeout === undefined ? undefined : parseDuration(flags.requestTimeout),
    request: apiRequest(kubeConfig, kubeConfig.getCurrentCluster()?.server ?? ''),
  }
}
