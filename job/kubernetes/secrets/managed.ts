import type { V1ObjectMeta } from '@kubernetes/client-node'
import type { Managed } from '../cluster.ts'

/** Who else manages an object, by what it bears. */
export function managedOf({ immutable, metadata = {} }: { immutable?: boolean; metadata?: V1ObjectMeta }): Managed {
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata
  return {
    immutable: immutable === true,
    labels,
    annotations,
    owners: ownerReferences.map(({ kind, name }) => ({ kind, name })),
  }
}
