import { parseDuration } from '../../../operation/duration.ts'
import { managedBy } from '../../../operation/names.ts'
import { programVersion } from '../../../operation/version.ts'
import { apiRequest } from '../../../kubernetes/api-request.ts'
import { loadKubeConfig, type ConnectionFlags } from './kube-config.ts'
import type { Session } from './session.ts'
import { typedCalls } from '../../../kubernetes/typed-calls.ts'

/**
 * The connection that the flags and the kubeconfig describe; nothing is sent yet.
 * @throws Failure for a kubeconfig that cannot be read or lacks the context.
 */
export function connect(flags: ConnectionFlags): Session {
  const kubeConfig = loadKubeConfig(flags)
  const context = kubeConfig.getContextObject(kubeConfig.currentContext)
  const requestTimeoutMs = flags.requestTimeout === undefined ? undefined : parseDuration(flags.requestTimeout)
  const request = apiRequest(kubeConfig, requestTimeoutMs, `${managedBy}/${programVersion}`)
  return {
    kubeConfig,
    namespace: flags.namespace ?? context?.namespace ?? 'default',
    context: kubeConfig.currentContext,
    requestTimeoutMs,
    request,
    ...typedCalls(request),
  }
}
