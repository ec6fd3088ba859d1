import { Failure, messageOf, whyOf } from '../../../../operation/failure.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Storage } from '../../../storage/storage.ts'
import { openStorageAt } from '../../../storage/open.ts'
import { clearSnapshots, usualLateLook } from '../backup/snapshots.ts'
import type { CqlSession } from '../cql.ts'
import type { RingNode } from '../ring.ts'
import type { Cassy } from './client.ts'
import { findNodes, type NodesAt } from './nodes.ts'
import { operationStatus } from './protocol.ts'
import { readCassyDetails } from './details.ts'
import type { Registered } from './register.ts'
import { folderOf, idForm } from './stored.ts'

/** Where a backup that is given up may have left something. */
export interface Places extends NodesAt {
  cassy: Cassy
  storage: Storage
  session: () => Promise<CqlSession>
  /** as they were found before the pause, for a ring that lets nobody in any more */
  nodes: readonly RingNode[] | undefined
  /** names of snapshots by their registrations: Cassy may be gone, or have forgotten them */
  taken: ReadonlyMap<string, string>
  /** registrations of which nobody knows whether a node still takes its snapshot */
  unsettled: ReadonlySet<string>
}

/** For all of it, ms. */
const atMostMs = 180_000

/** What Cassy has of a registration, and may still be doing. */
interface Found {
  snapshots: string[]
  /** a node may still take its snapshot */
  isLate: boolean
  left: string[]
}

/**
 * Removes what Cassy made for this operation, from its bucket and, where Cassandra's pods may be asked, from
 * the nodes. Cassy has no call for that: its next backup of a node clears every snapshot there.
 * @throws Failure naming what may be left
 */
export async function removeLeavings(registered: readonly Registered[], places: Places): Promise<void> {
  const { storage, title } = places
  const signal = AbortSignal.timeout(atMostMs)
  const found = await Promise.all(registered.map(({ clusterId }) => find(clusterId, places, signal)))
  const left = found.flatMap((one) => one.left)
  // The nodes first: what is not there any more is not uploaded.
  for (const { snapshots, isLate } of found)
    for (const snapshot of snapshots) {
      const stays = await clear(snapshot, isLate, places, signal).catch((error: unknown) => [whyOf(error)])
      if (stays.length > 0) left.push(`snapshot ${snapshot} on the nodes: ${stays.join(', ')}`)
    }
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

/** What Cassy says of a registration; where it says nothing, what is known of it otherwise. */
async function find(
  clusterId: string,
  { cassy, storage, taken, unsettled }: Places,
  signal: AbortSignal,
): Promise<Found> {
  const left: string[] = []
  const entries = await cassy.backups(clusterId, signal).catch((error: unknown) => {
    left.push(`what Cassy made of ${clusterId}: ${messageOf(error)}`)
    return []
  })
  const names = new Set(entries.map(({ snapshot_id }) => snapshot_id))
  const known = taken.get(clusterId)
  if (known !== undefined) names.add(known)
  if (names.size === 0) {
    const arrived = await arrivedOf(storage, clusterId).catch((error: unknown) => void left.push(messageOf(error)))
    if (arrived !== undefined) names.add(arrived)
  }
  const snapshots = [...names].filter((name) => idForm.test(name))
  const has = (status: number) => entries.some((entry) => entry.status === status)
  const isLate = unsettled.has(clusterId) || has(operationStatus.initialized)
  // It also says that all have failed where it could not write down that they are begun.
  const isUploading =
    has(operationStatus.initialized) ||
    has(operationStatus.started) ||
    (isLate && has(operationStatus.failed)) ||
    (entries.length === 0 && snapshots.length > 0)
  if (isUploading) left.push(`Cassy may still upload to node-backup/${clusterId}`)
  return { snapshots, isLate, left }
}

/** The snapshot of a registration that has arrived in Cassy's bucket; undefined where none has. */
async function arrivedOf(storage: Storage, clusterId: string): Promise<string | undefined> {
  for await (const { path } of storage.list(`node-backup/${clusterId}`)) return path.split('/')[2]
  return undefined
}

/** @returns where it may be left, and why @throws Failure where no node can be asked */
async function clear(snapshot: string, isLate: boolean, places: Places, signal: AbortSignal): Promise<string[]> {
  const { nodes, troubles } = await reachable(places, signal)
  const late = isLate ? usualLateLook : undefined
  const cleared = await Promise.allSettled(nodes.map((node) => clearSnapshots(node, snapshot, { signal, late })))
  return [
    ...cleared.flatMap((one, index) =>
      one.status === 'rejected' ? [`pod ${nodes[index]?.pod}: ${whyOf(one.reason)}`] : [],
    ),
    ...troubles,
  ]
}

async function reachable(places: Places, signal: AbortSignal) {
  try {
    const { members } = await (await places.session()).view()
    return await findNodes(members, places, signal)
  } catch (error) {
    if (places.nodes === undefined) throw error
    return { nodes: places.nodes, troubles: [] }
  }
}

/** Removes a backup from Cassy's bucket; no node has had its snapshot since Cassy's next backup. */
export async function removeBackup(entry: DatabaseBackup): Promise<void> {
  const details = readCassyDetails(entry)
  await openStorageAt(details.cassyStorage).delete(folderOf(details))
}
