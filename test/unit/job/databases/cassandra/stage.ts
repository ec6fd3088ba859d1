import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { RequestOf } from '../../../../../operation/request.ts'
import { scriptedRing } from '../../../../stand-ins/cassandra/scripted-ring.ts'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from '../../in-memory-cluster.ts'
import { pauseRequest } from '../../pausing-context.ts'
import { startLedgers } from '../../servers/ledgers.ts'

const killed = new Error('killed')

/** A release of two servers whose data is in a ring of three scripted nodes. */
export async function scene(t: Test, changes: Partial<RequestOf<'backup'>> = {}, password?: string) {
  const ring = await scriptedRing(3, password)
  t.teardown(() => ring.close())
  // Everybody else's stay, whatever their names are like.
  ring.nodes.forEach(({ snapshots }) => snapshots.add('theirs scalar asset').add('backup-a scalar asset'))
  const folder = t.testdir({
    'ledger.properties': [
      'scalar.db.storage=cassandra',
      'scalar.db.contact_points=127.0.0.1',
      `scalar.db.contact_port=${ring.port}`,
      'scalar.db.username=cassandra',
      'scalar.db.password=s3cret',
    ].join('\n'),
  })
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const replicas = { count: 2 }
  cluster.workloads = async () => [
    { name: 'my-ledger', release: 'my-ledger', replicas: replicas.count, readyReplicas: replicas.count },
  ]
  cluster.scale = async (_, count) => {
    replicas.count = count
    cluster.pods = count > 0 ? ledgers.map(({ pod }) => pod) : []
    if (count > 0) for (const { gate } of ledgers) gate.open()
  }
  const { kind: _, durationMs: __, target, ...common } = pauseRequest()
  const shared = {
    ...common,
    pause: { drainMs: 1000, maxPauseMs: 20_000, guard: false },
    target: {
      ...target,
      releases: [
        { name: 'my-ledger', app: 'ledger', properties: { file: `${folder}/ledger.properties`, envPrefix: '' } },
      ],
    },
  }
  const backup: RequestOf<'backup'> = {
    ...shared,
    kind: 'backup',
    operation: 'backup-a',
    pauseMode: 'auto',
    schemas: [],
    retries: 0,
    parallel: 1,
    ...changes,
  }
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

/** The cluster of a worker that dies at that write, the first being 1. */
export function dyingAt(cluster: InMemoryCluster, writes: number): InMemoryCluster {
  const its = asAnotherProcess(cluster)
  const { writeJournal, writeRecord } = its
  let written = 0
  const alive = <T>(write: () => Promise<T>) => {
    written += 1
    return written >= writes ? Promise.reject(killed) : write()
  }
  its.writeJournal = (document) => alive(() => writeJournal(document))
  its.writeRecord = (record) => alive(() => writeRecord(record))
  return its
}
