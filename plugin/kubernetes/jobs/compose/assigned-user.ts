import { unlessMissing } from '../../api/api-error.ts'
import type { Session } from '../../api/session.ts'
import { mergePatch } from './merge-patch.ts'

/**
 * A merge patch that leaves the pods' user and group to the cluster. OpenShift gives each namespace a range of its own,
 * and its `restricted-v2` refuses every other number (documentation: "Managing security context constraints", RunAsUser
 * MustRunAsRange).
 */
const assignedUser = {
  spec: { template: { spec: { securityContext: { runAsUser: null, runAsGroup: null, fsGroup: null } } } },
}

/** Whether the cluster assigns users by security context constraints, which only OpenShift has. */
async function assignsUsers(session: Session): Promise<boolean> {
  const found = await unlessMissing(session.request({ method: 'GET', path: '/apis/security.openshift.io' }))
  return found !== undefined
}

/**
 * The administrator's patch of the Jobs, with what the cluster's own rules for users ask for below it.
 * @throws the API's error where it cannot be asked
 */
export async function patchForCluster(
  session: Session,
  patch: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  return (await assignsUsers(session)) ? (mergePatch(assignedUser, patch) as Record<string, unknown>) : patch
}
