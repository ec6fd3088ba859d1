import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { RequestOf } from '../../../../../operation/request.ts'
import { scriptedRing } from '../../../../stand-ins/cassandra/scripted-ring.ts'
import { asAnotherProcess, type InMemoryCluster } from '../../in-memory-cluster.ts'
import { dyingAt, servedRelease } from '../../served-release.ts'

/** What the nodes are asked by. */
export const doors = ['nodetool', 'the management API'] as const
export type Door = (typeof doors)[number]

/** A release of two servers whose data is in a ring of three scripted nodes. */
export async function scene(
  t: Test,
  {
    door = 'nodetool',
    password,
    identity,
    beside,
    ...changes
  }: Partial<RequestOf<'backup'>> & {
    door?: Door
    password?: string
    /** of the management API of its pods */
    identity?: Parameters<typeof scriptedRing>[2]
    /** lines of a storage of another kind, which has the namespace savings */
    beside?: (prefix: string) => string[]
  } = {},
) {
  const ring = await scriptedRing(3, password, identity)
  if (door === 'the management API') {
    ring.api = 'plain'
    // No command is run in any pod.
    ring.missing.push('get pods/exec', 'create pods/exec')
  }
  t.teardown(() => ring.close())
  // Everybody else's stay, whatever their names are like.
  ring.nodes.forEach(({ snapshots }) => snapshots.add('theirs scalar asset').add('backup-a scalar asset'))
  const own = (prefix: string) => [
    `${prefix}storage=cassandra`,
    `${prefix}contact_points=127.0.0.1`,
    `${prefix}contact_port=${ring.port}`,
    `${prefix}username=cassandra`,
    `${prefix}password=s3cret`,
  ]
  const several = 'scalar.db.multi_storage.'
  const served = await servedRelease(
    t,
    beside === undefined
      ? own('scalar.db.')
      : [
          'scalar.db.storage=multi-storage',
          `${several}storages=ring,other`,
          `${several}default_storage=ring`,
          `${several}namespace_mapping=coordinator:ring,scalar:other`,
          ...own(`${several}storages.ring.`),
          ...beside(`${several}storages.other.`),
        ],
  )
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
    folder: served.folder,
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

export type Scene = Awaited<ReturnType<typeof scene>>

/**
 * Backups of which one is killed at its first write, the next at its second, and so on; each is started again. The last
 * comes to its end without.
 * @param open a scene for each
 */
export async function* killedBackups<S extends Pick<Scene, 'backup' | 'cluster' | 'record' | 'run'>>(
  open: () => Promise<S>,
) {
  for (let dies = 1; ; dies += 1) {
    const s = await open()
    const survived = await s.run(s.backup, dyingAt(s.cluster, dies)).ended.then(
      (code) => code === 0,
      () => false,
    )
    const code = survived ? 0 : await s.run(s.backup, asAnotherProcess(s.cluster)).ended
    const { backup, failure } = s.record() ?? {}
    const where = `killed at write ${dies}: exit code ${code}, ${backup?.state}, ${failure?.why}`
    yield { s, code, backup, where, survived }
    if (survived) return
  }
}
