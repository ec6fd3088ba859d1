import { Failure } from '../../../../operation/failure.ts'
import type { PodsElsewhere } from '../../../kubernetes/elsewhere/pods-elsewhere.ts'
import { namespaceOf, type Access } from '../access.ts'
import { checkRights, noPods } from '../backup/preflight.ts'
import type { RingMember } from '../cql.ts'
import { findRing, type FoundRing, type RingNode } from '../ring.ts'

/** Where the pods of Cassandra may be, where it runs in pods at all. */
export interface NodesAt {
  title: string
  access: Access
  /** values of the flags that say so */
  own: Readonly<Record<string, string>>
  podsIn: ((namespace?: string) => PodsElsewhere) | undefined
}

/** Every node of a ring. @throws Failure where some cannot be looked at: it has no pod, or the worker may not ask it */
export async function nodesOf(members: readonly RingMember[], at: NodesAt, signal: AbortSignal): Promise<RingNode[]> {
  const { nodes, troubles } = await findNodes(members, at, signal)
  if (troubles.length > 0) throw unseen(at.title, troubles.join('; '))
  return nodes
}

/**
 * The nodes of a ring that can be asked, and why others cannot.
 * @throws Failure where none can: the worker may not ask pods; the signal's reason
 */
export async function findNodes(
  members: readonly RingMember[],
  { access, own, podsIn, title }: NodesAt,
  signal: AbortSignal,
): Promise<Pick<FoundRing, 'nodes' | 'troubles'>> {
  const pods = podsIn?.(own['cassandra-namespace'] ?? namespaceOf(access))
  if (pods === undefined) throw noPods(title)
  const at = { selector: own['cassandra-selector'], clientSecret: own['cassandra-client-secret'] }
  const { outcome, message, cure } = await checkRights(title, pods, { at, medusa: undefined, signal })
  if (outcome === 'error') throw unseen(title, message, cure)
  return await findRing(pods, members, at, signal)
}

function unseen(title: string, why: string, next = 'see `nodetool status`'): Failure {
  return new Failure({ what: `the nodes of ${title} cannot be looked at`, why, next })
}
