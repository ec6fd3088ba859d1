import type { Test } from 'tap'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from './in-memory-cluster.ts'
import { pauseRequest } from './pausing-context.ts'
import { startLedgers } from './servers/ledgers.ts'

/** A release of two servers with these properties, which is stopped and started, and what every request to it says. */
export async function servedRelease(t: Test, properties: readonly string[]) {
  const folder = t.testdir({ 'ledger.properties': properties.join('\n') })
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
        {
          name: 'my-ledger',
          app: 'ledger' as const,
          properties: { file: `${folder}/ledger.properties`, envPrefix: '' },
        },
      ],
    },
  }
  const backup = {
    ...shared,
    kind: 'backup' as const,
    operation: 'backup-a',
    pauseMode: 'auto' as const,
    schemas: [],
    retries: 0,
    parallel: 1,
  }
  return { backup, cluster, folder, ledgers, replicas, shared }
}

const killed = new Error('killed')

/** The cluster of a worker that dies at that write, the first being 1: it writes nothing from then on. */
export function dyingAt(cluster: InMemoryCluster, writes: number, written = { count: 0 }): InMemoryCluster {
  const its = asAnotherProcess(cluster)
  const { writeJournal, writeRecord } = its
  const alive = <T>(write: () => Promise<T>) => {
    written.count += 1
    return written.count >= writes ? Promise.reject(killed) : write()
  }
  its.writeJournal = (document) => alive(() => writeJournal(document))
  its.writeRecord = (record) => alive(() => writeRecord(record))
  return its
}
