import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { RequestOf } from '../../../../../operation/request.ts'
import { scriptedRing } from '../../../../stand-ins/cassandra/scripted-ring.ts'
import type { InMemoryCluster } from '../../in-memory-cluster.ts'
import { servedRelease } from '../../served-release.ts'

/** A release of two servers whose data is in a ring of three scripted nodes. */
export async function scene(t: Test, changes: Partial<RequestOf<'backup'>> = {}, password?: string) {
  const ring = await scriptedRing(3, password)
  t.teardown(() => ring.close())
  // Everybody else's stay, whatever their names are like.
  ring.nodes.forEach(({ snapshots }) => snapshots.add('theirs scalar asset').add('backup-a scalar asset'))
  const served = await servedRelease(t, [
    'scalar.db.storage=cassandra',
    'scalar.db.contact_points=127.0.0.1',
    `scalar.db.contact_port=${ring.port}`,
    'scalar.db.username=cassandra',
    'scalar.db.password=s3cret',
  ])
  const { cluster, ledgers, replicas, shared } = served
  const backup: RequestOf<'backup'> = { ...served.backup, ...changes }
  const run = (request: Parameters<typeof work>[0] = backup, its: InMemoryCluster = cluster) => {
    const events: WorkerEvent[] = []
    const stop = new AbortController()
    const ended = work(request, {
      cluster: its,
      podsIn: ring.podsIn,
      events: jsonLineEvents((line) => events.push(JSON.parse(line) as WorkerEvent)),
      signal: stop.signal,
    })
    return { ended, events, stop }
  }
  return {
    backup,
    cluster,
    ledgers,
    replicas,
    ring,
    run,
    shared,
    record: (operation = 'backup-a') => cluster.recordsByName.get(operation),
    /** what this operation has left on any node */
    left: () => ring.left('backup-a.'),
    isServing: () => replicas.count === 2 && ledgers.every(({ gate }) => gate.isOpen),
    wasPaused: () => ledgers.some(({ log }) => log.some((line) => line.startsWith('Pause'))),
    othersStay: () =>
      ring.nodes.every(({ snapshots }) => ['theirs', 'backup-a'].every((tag) => snapshots.has(`${tag} scalar asset`))),
  }
}
