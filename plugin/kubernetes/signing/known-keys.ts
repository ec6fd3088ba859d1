import { annotations, labels, managedBy } from '../../../operation/names.ts'
import type { Session } from '../api/session.ts'

/**
 * Fingerprints of the keys that this namespace's installation trusts, as its ServiceAccounts say; undefined where none
 * says so, or they may not be listed. It is for what is shown and refused early: the worker goes by the Secret.
 */
export async function knownKeys({ core, namespace }: Session): Promise<string[] | undefined> {
  try {
    const labelSelector = `${labels.managedBy}=${managedBy}`
    const { items } = await core.listNamespacedServiceAccount({ namespace, labelSelector })
    const found = items.flatMap(({ metadata }) => metadata?.annotations?.[annotations.trustedKeys]?.split(',') ?? [])
    return found.length === 0 ? undefined : [...new Set(found)]
  } catch {
    return undefined
  }
}
