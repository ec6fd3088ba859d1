import { setTimeout as sleep } from 'node:timers/promises'
import type { OperationRequest } from '../../../operation/request.ts'
import type { Journal } from '../../journal/journal.ts'
import { openJournal } from '../../journal/persisted-journal.ts'
import type { Records, Releases } from '../../kubernetes/cluster.ts'
import { endedStep, openPauses } from '../../journal/pause-steps.ts'
import { startedAnew } from '../../servers/unpause-all.ts'
import { readable } from './close-record.ts'
import type { Hold } from '../protocol/messages.ts'

/** How long to wait for the API server, ms: it must not delay the end of a pause. */
const askMs = 1000

/**
 * The pauses that the journal shows begun and not ended, for a guard without a worker. Servers that have restarted
 * since, and those that an earlier guard has unpaused, are left out: a pause there is not ours.
 * @throws Failure where the API server does not answer
 */
export async function journalledHolds(
  cluster: Records & Releases,
  { operation, target }: OperationRequest,
): Promise<Hold[]> {
  const open = openPauses(await journalOf(cluster, operation))
  if (open.length === 0) return []
  const [pods, record] = await Promise.all([cluster.scalarPods(), readable(cluster, operation)])
  const isServed = (number: number, address: string) =>
    record?.guard?.interventions.some(({ pause, unpaused }) => pause === number && unpaused.includes(address)) === true
  const releases = target.releases.map(({ name }) => name)
  const holds = open.map(({ number, intent: { servers, restarts } }) => ({
    pause: number,
    servers: servers.filter(
      ({ address, uid }) => !isServed(number, address) && (uid === undefined || !startedAnew(uid, pods, restarts[uid])),
    ),
    restarts,
    releases: [
      ...new Set([
        ...releases,
        ...pods.filter(({ uid }) => servers.some((server) => server.uid === uid)).map(({ release }) => release),
      ]),
    ],
  }))
  return holds.filter((hold) => hold.servers.length > 0)
}

/**
 * Whether the journal shows that nothing of the n-th pause is left; false where the API server does not answer within a
 * second. Never throws.
 */
export async function hasEnded(cluster: Records, operation: string, number: number): Promise<boolean> {
  const asked = journalOf(cluster, operation).then(
    (journal) => journal.result(endedStep(number)) !== undefined,
    () => false,
  )
  return Promise.race([asked, sleep(askMs, false, { ref: false })])
}

function journalOf(cluster: Records, operation: string): Promise<Journal> {
  return openJournal(operation, {
    read: () => cluster.readJournal(operation),
    write: () => Promise.reject(new Error('a guard writes no journal')),
  })
}
