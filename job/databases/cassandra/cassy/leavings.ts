import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Storage } from '../../../storage/storage.ts'
import { openStorageAt } from '../../../storage/open.ts'
import { clearSnapshots } from '../backup/snapshots.ts'
import type { CqlSession } from '../cql.ts'
import type { Cassy } from './client.ts'
import { nodesOf, type NodesAt } from './nodes.ts'
import { operationStatus } from './protocol.ts'
import { readCassyDetails } from './details.ts'
import type { Registered } from './register.ts'
import { folderOf, idForm } from './stored.ts'

/** Where a backup that is given up may have left something. */
export interface Places extends NodesAt {
  cassy: Cassy
  storage: Storage
  session: () => Promise<CqlSession>
}

/** For all of it, ms. */
const atMostMs = 180_000

/**
 * Removes what Cassy made for this operation, from its bucket and, where Cassandra's pods may be asked, from
 * the nodes. Cassy has no call for that: its next backup of a node clears every snapshot there.
 * @throws Failure naming what may be left
 */
export async function removeLeavings(registered: readonly Registered[], places: Places): Promise<void> {
  const { cassy, storage, title } = places
  const signal = AbortSignal.timeout(atMostMs)
  const left: string[] = []
  const snapshots = new Set<string>()
  for (const { clusterId } of registered)
    try {
      const entries = await cassy.backups(clusterId, signal)
      for (const { snapshot_id } of entries) if (idForm.test(snapshot_id)) snapshots.add(snapshot_id)
      const isUploading = entries.some(
        ({ status }) => status === operationStatus.started || status === operationStatus.initialized,
      )
      if (isUploading) left.push(`Cassy may still upload to node-backup/${clusterId}`)
    } catch (error) {
      left.push(`what Cassy made of ${clusterId}: ${messageOf(error)}`)
    }
  // The nodes first: what is not there any more is not uploaded.
  for (const snapshot of snapshots)
    await clear(snapshot, places, signal).catch((error: unknown) =>
      left.push(`snapshot ${snapshot} on the nodes: ${error instanceof Failure ? error.why : messageOf(error)}`),
    )
  for (const { clusterId } of registered)
    await storage
      .delete(`node-backup/${clusterId}`)
      .catch((error: unknown) => left.push(`node-backup/${clusterId} in ${storage.title}: ${messageOf(error)}`))
  if (left.length === 0) return
  throw new Failure({
    what: `something of the backup of ${title} may be left`,
    why: left.join('; '),
    next: "Cassy's next backup clears the snapshots of every node; in its bucket remove these folders by hand",
  })
}

async function clear(snapshot: string, places: Places, signal: AbortSignal): Promise<void> {
  const { members } = await (await places.session()).view()
  for (const node of await nodesOf(members, places, signal)) await clearSnapshots(node, snapshot, { signal })
}

/** Removes a backup from Cassy's bucket; no node has had its snapshot since Cassy's next backup. */
export async function removeBackup(entry: DatabaseBackup): Promise<void> {
  const details = readCassyDetails(entry)
  await openStorageAt(details.cassyStorage).delete(folderOf(details))
}
