import type { OperationRequest } from '../../operation/request.ts'
import { openJournal } from '../journal/persisted-journal.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { openPauses } from '../scalar-admin/pause-journal.ts'
import { startedAnew } from '../scalar-admin/unpause-all.ts'
import type { Hold } from './messages.ts'

/**
 * The pauses that the journal shows begun and not ended, for a guard that has no worker to tell it. Servers whose process has
 * started anew since are left out: what is paused there is not ours.
 * @throws Failure where the API server does not answer
 */
export async function journalledHolds(cluster: Cluster, { operation, target }: OperationRequest): Promise<Hold[]> {
  const journal = await openJournal(operation, { read: () => cluster.readJournal(operation), write: () => Promise.reject(new Error('a guard writes no journal')) })
  const open = openPauses(journal)
  if (open.length === 0) return []
  const pods = await cluster.scalarPods()
  const releases = target.releases.map(({ name }) => name)
  return open.map(({ number, intent: { servers, restarts } }) => ({
    pause: number,
    servers: servers.filter(({ uid }) => uid === undefined || !startedAnew(uid, pods, restarts[uid])),
    restarts,
    releases: [...new Set([...releases, ...pods.filter(({ uid }) => servers.some((server) => server.uid === uid)).map(({ release }) => release)])],
  }))
}
