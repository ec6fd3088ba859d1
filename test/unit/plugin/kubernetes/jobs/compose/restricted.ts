import type { V1PodSpec } from '@kubernetes/client-node'
import type { Test } from 'tap'

/**
 * A pod of one container as the level "restricted" of Pod Security asks; beyond it, no token unasked and nothing
 * written into its image.
 */
export function isRestricted(t: Test, pod: V1PodSpec | undefined): void {
  const [container] = pod?.containers ?? []
  t.equal(pod?.securityContext?.runAsNonRoot, true)
  t.equal(pod?.securityContext?.seccompProfile?.type, 'RuntimeDefault')
  t.equal(container?.securityContext?.allowPrivilegeEscalation, false)
  t.equal(container?.securityContext?.readOnlyRootFilesystem, true)
  t.strictSame(container?.securityContext?.capabilities, { drop: ['ALL'] })
  t.equal(pod?.automountServiceAccountToken, false)
}
