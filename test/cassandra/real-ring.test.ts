import { existsSync, globSync, statSync } from 'node:fs'
import cassandraDriver from 'cassandra-driver'
import t, { type Test } from 'tap'
import { cassandra } from '../../job/databases/cassandra/cassandra.ts'
import type { BackupContext } from '../../job/databases/database.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import { readSettings } from '../../job/scalardb/settings.ts'
import { noStorage } from '../../job/storage/none.ts'
import { failureOf } from '../unit/job/failure-of.ts'
import { ensureCassandra, startRing } from '../stand-ins/cassandra/real-ring.ts'

// `npm run test:cassandra`: a real ring of two nodes of Cassandra 5.0, with its own nodetool. About two minutes.

const folder = t.testdir()
const ring = await startRing(await ensureCassandra(), folder, 2)
t.teardown(() => ring.close())
const [first, second] = ring.nodes
if (first === undefined || second === undefined) throw new Error('a ring of two')

const client = new cassandraDriver.Client({
  contactPoints: [first.address],
  localDataCenter: 'datacenter1',
  pooling: { heartBeatInterval: 0 },
})
t.teardown(() => client.shutdown())
const all = { consistency: cassandraDriver.types.consistencies.all }
for (const statement of [
  "CREATE KEYSPACE scalar WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}",
  'CREATE TABLE scalar.asset (id text PRIMARY KEY, age int)',
  'CREATE TABLE scalar."Empty" (id text PRIMARY KEY)',
  'CREATE INDEX ages ON scalar.asset (age)',
])
  await client.execute(statement)
await client.execute("INSERT INTO scalar.asset (id, age) VALUES ('a', 1) IF NOT EXISTS", [], all)

function settings(t: Test) {
  const lines = ['storage=cassandra', `contact_points=${first?.address}`, `contact_port=${ring.port}`]
  const properties = t.testdir({ 'ledger.properties': lines.map((line) => `scalar.db.${line}`).join('\n') })
  const file = `${properties}/ledger.properties`
  return readSettings({ name: 'my', app: 'ledger', properties: { file, envPrefix: '' } }, {})
}

function context(operation: string): BackupContext {
  return {
    operation,
    createdAt: '2026-11-21T00:00:00.000Z',
    events: jsonLineEvents(() => undefined),
    signal: new AbortController().signal,
    podsIn: ring.podsIn,
    storage: noStorage(),
    parallel: 1,
    schemas: [],
  }
}

/** The folders of an operation's snapshots, on all nodes. */
const snapshotsOf = (operation: string) =>
  ring.nodes.flatMap((node) => globSync(`${node.folder}/data/*/*/snapshots/${operation}.*`))

t.test('a snapshot on both nodes, found by nodetool and on the disk, and cleared by delete', async (t) => {
  const source = cassandra.openBackup(settings(t), context('backup-a'))
  const findings = await source.preflight()
  t.strictSame(
    findings.map(({ check, outcome }) => `${check} ${outcome}`),
    ['database connection ok', 'rights ok', 'cassandra nodes ok', 'cassandra, one node lost ok'],
  )
  await source.prepare()
  await source.snapshot()
  const entry = await source.complete('a')
  await source.close()
  t.match(entry, { serviceBackups: 2, details: { cluster: 'real', release: '5.0.9', nodes: { length: 2 } } })
  t.match(JSON.stringify(entry.details['schema']), /CREATE TABLE scalar\.asset/)
  for (const node of ring.nodes) {
    const own = globSync(`${node.folder}/data/scalar/*/snapshots/${String(entry.details['tag'])}`)
    t.equal(own.length, 2, 'the empty table as well')
    t.ok(own.every((path) => existsSync(`${path}/schema.cql`)))
    const rows = globSync(`${node.folder}/data/scalar/asset-*/snapshots/*/*-Data.db`)
    t.ok(rows.length > 0 && rows.every((path) => statSync(path).size > 0))
  }
  await cassandra.remove?.(settings(t), entry, context('delete-a'))
  t.strictSame(snapshotsOf('backup-a'), [])
})

t.test('another worker finds what a killed one has left, and clears it', async (t) => {
  const killed = cassandra.openBackup(settings(t), context('backup-b'))
  await killed.prepare()
  await killed.snapshot()
  await killed.close()
  t.ok(snapshotsOf('backup-b').length > 0)
  const next = cassandra.openBackup(settings(t), context('backup-b'))
  await next.discard?.()
  await next.close()
  t.strictSame(snapshotsOf('backup-b'), [])
})

t.test('a node that is down is refused before the pause; one that dies in the window spoils it', async (t) => {
  const source = cassandra.openBackup(settings(t), context('backup-c'))
  t.teardown(() => source.close())
  await source.prepare()
  await second.kill()
  t.match(await failureOf(source.snapshot()), { what: /no snapshot was taken of node/, why: /Failed to connect/ })
  t.match(await failureOf(async () => source.discard?.()), { why: new RegExp(second.address.replaceAll('.', '\\.')) })
  t.strictSame(
    snapshotsOf('backup-c').filter((path) => path.startsWith(first.folder)),
    [],
  )
  const later = cassandra.openBackup(settings(t), context('backup-d'))
  t.teardown(() => later.close())
  t.match(
    (await later.preflight()).filter(({ outcome }) => outcome === 'error'),
    [{ check: 'cassandra nodes', message: new RegExp(`node ${second.address.replaceAll('.', '\\.')}`) }],
  )
})
