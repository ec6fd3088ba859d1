import { mergePatch } from './merge-patch.ts'

const clientId = 'azure.workload.identity/client-id'
/** Azure's webhook gives a pod its identity by this label alone (Azure Workload Identity, "Labels and Annotations"). */
const inUse = { 'azure.workload.identity/use': 'true' }

/**
 * The administrator's patch of the worker's Job, with what an identity of Azure asks for below it.
 * @param annotations of the ServiceAccount
 */
export function patchForIdentity(
  annotations: Readonly<Record<string, string>>,
  patch: Record<string, unknown>,
): Record<string, unknown> {
  if (annotations[clientId] === undefined) return patch
  return mergePatch({ spec: { template: { metadata: { labels: inUse } } } }, patch) as Record<string, unknown>
}
