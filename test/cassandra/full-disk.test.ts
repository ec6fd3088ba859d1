import { globSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import cassandraDriver from 'cassandra-driver'
import t from 'tap'
import { jsonLineEvents } from '../../job/process/events.ts'
import { work } from '../../job/worker/worker.ts'
import type { PodsElsewhere } from '../../job/kubernetes/elsewhere/pods-elsewhere.ts'
import { ensureMedusa } from '../stand-ins/cassandra/real-medusa.ts'
import { ensureCassandra, startRing } from '../stand-ins/cassandra/real-ring.ts'
import { smallDisk } from '../stand-ins/cassandra/small-disk.ts'
import { servedRelease } from '../unit/job/served-release.ts'

// `npm run test:cassandra`: a real ring of two nodes, of which the second has its data, and what Medusa copies of it,
// on a disk that is full at a moment of our choice. Whole backups with their pause. Four minutes on a quiet machine.

// Not the fixture of this test, which the release has.
const folder = mkdtempSync(join(tmpdir(), 'full-disk-'))
const disk = await smallDisk(join(folder, 'disk'), '256m')
await disk.hold(join(folder, 'node-2', 'data'))
const ring = await startRing(await ensureCassandra(), folder, 2, await ensureMedusa(), disk.enter)
t.teardown(async () => {
  await ring.close()
  await disk.close()
  rmSync(folder, { recursive: true })
})
const [first, second] = ring.nodes
if (first === undefined || second === undefined) throw new Error('a ring of two')
await disk.hold(join(folder, 'medusa', 'backups', second.address))

async function execute(...statements: string[]): Promise<void> {
  const client = new cassandraDriver.Client({
    contactPoints: [first?.address ?? ''],
    localDataCenter: 'datacenter1',
    pooling: { heartBeatInterval: 0 },
    queryOptions: { consistency: cassandraDriver.types.consistencies.all },
    socketOptions: { readTimeout: 60_000 },
  })
  try {
    for (const statement of statements) await client.execute(statement)
  } finally {
    await client.shutdown()
  }
}
await execute(
  "CREATE KEYSPACE scalar WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}",
  'CREATE TABLE scalar.asset (id text PRIMARY KEY, age int)',
)

const { backup, cluster, ledgers } = await servedRelease(t, [
  'scalar.db.storage=cassandra',
  `scalar.db.contact_points=${first.address}`,
  `scalar.db.contact_port=${ring.port}`,
])

/** Runs a backup; the disk is full as soon as a command with that word is to run on the second node. */
async function backUp(operation: string, fullAt?: string, own: Record<string, string> = {}) {
  const pods = ring.podsIn()
  const run: PodsElsewhere['run'] = (pod, container, command, limits) => {
    if (fullAt !== undefined && pod === second?.pod && command.includes(fullAt)) disk.fill()
    return pods.run(pod, container, command, limits)
  }
  const rows = Array.from(
    { length: 20 },
    (_, row) => `INSERT INTO scalar.asset (id, age) VALUES ('${operation}-${row}', 1)`,
  )
  await execute(...rows)
  const pause = { ...backup.pause, maxPauseMs: 300_000 }
  const ended = await work(
    { ...backup, operation, pause, target: { ...backup.target, databases: { own } } },
    {
      cluster,
      podsIn: () => ({ ...pods, run }),
      events: jsonLineEvents(() => undefined),
      signal: new AbortController().signal,
    },
  )
  const record = cluster.recordsByName.get(operation)
  t.comment(`${operation}: exit code ${ended}, ${record?.backup?.state}, ${record?.backup?.reason ?? ''}`)
  return { ended, record }
}

/** Snapshots of an operation on any node. */
const snapshotsOf = (operation: string) =>
  ring.nodes.flatMap((node) => globSync(disk.seen(`${node.folder}/data/*/*/snapshots/${operation}.*`)))
/** Files that Medusa has of it, of any node. */
const copiesOf = (operation: string) =>
  globSync(disk.seen(`${folder}/medusa/backups/**/${operation}.*/**`)).filter((path) => statSync(path).isFile())
const isServing = () => ledgers.every(({ gate }) => gate.isOpen)

t.test('a disk that is full in the pause: unusable, every server serves, and no snapshot is left', async (t) => {
  const { ended, record } = await backUp('backup-snapshot', 'snapshot')
  t.equal(ended, 3)
  const reason = new RegExp(`no snapshot was taken of node ${second.address} .*No space left on device`)
  t.match(record?.backup, { state: 'unusable', reason, databases: { length: 0 } })
  t.equal(record?.windows.length, 1)
  t.ok(isServing())
  t.strictSame(snapshotsOf('backup-snapshot'), [])
  disk.makeRoom()
})

t.test('a disk that is full while Medusa copies: the same, and nothing of it is left in its storage', async (t) => {
  const { ended, record } = await backUp('backup-copy', 'backup-node', { 'cassandra-medusa': 'medusa' })
  t.equal(ended, 3)
  const reason = new RegExp(
    `Medusa did not copy the snapshot .* of 1 of 2 nodes: node ${second.address} .*No space left on device`,
  )
  t.match(record?.backup, { state: 'unusable', reason, databases: { length: 0 } })
  t.match(record?.windows, [{ verdict: 'valid' }], 'it is not the pause that fails')
  t.ok(isServing())
  t.strictSame(snapshotsOf('backup-copy'), [])
  // It deletes what its index knows. A node is in there once its schema is saved, which is what failed.
  t.strictSame(
    copiesOf('backup-copy').filter((path) => !path.endsWith('/meta/schema.cql')),
    [],
  )
  disk.makeRoom()
})

t.test('with room again the same ring is backed up', async (t) => {
  const { ended, record } = await backUp('backup-room')
  t.equal(ended, 0)
  t.match(record?.backup, { state: 'restorable' })
  t.ok(snapshotsOf('backup-room').length > 0)
  t.ok(isServing())
})
