import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { PodsElsewhere } from '../../../kubernetes/elsewhere/pods-elsewhere.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { DatabaseContext } from '../../database.ts'
import { accessOf } from '../access.ts'
import { noPods } from '../backup/preflight.ts'
import type { CqlSession, OpenSession, RingView } from '../cql.ts'
import { readDetails } from '../details.ts'
import { findRing, type FoundRing } from '../ring.ts'

/** What a backup is put back into, and how it is reached. */
export interface RestoredRing {
  settings: readonly StorageSettings[]
  entry: DatabaseBackup
  context: DatabaseContext
  open: OpenSession
}

/** A ring as it is at this moment. */
export interface RingNow {
  session: CqlSession
  view: RingView
  found: FoundRing
  pods: PodsElsewhere
  signal: AbortSignal
}

/**
 * Looks at a ring through the contact points that the releases have now and the pods of the backup's namespace.
 * @throws Failure where it cannot be asked; what `look` threw
 */
export async function withRing<T>(
  { settings, entry, context, open }: RestoredRing,
  look: (ring: RingNow) => Promise<T>,
): Promise<T> {
  const { namespace, ...at } = readDetails(entry)
  const pods = context.podsIn?.(namespace)
  if (pods === undefined) throw noPods(entry.title)
  const session = await open(accessOf(settings))
  try {
    const { signal } = context
    const view = await session.view()
    const found = await findRing(pods, view.members, at, signal)
    return await look({ session, view, pods, signal, found: await withGenerations(found, session) })
  } finally {
    await session.close()
  }
}

/** A management API does not tell when its node was started; the node itself does. */
async function withGenerations(found: FoundRing, session: CqlSession): Promise<FoundRing> {
  const nodes = await Promise.all(
    found.nodes.map(async (node) => ({
      ...node,
      generation: node.generation ?? (await session.generationOf(node.hostId)),
    })),
  )
  return { ...found, nodes }
}
