import { copyFileSync, existsSync, globSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import cassandraDriver from 'cassandra-driver'
import t, { type Test } from 'tap'
import { cassandra } from '../../job/databases/cassandra/cassandra.ts'
import type { BackupContext } from '../../job/databases/database.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import { readSettings } from '../../job/scalardb/settings.ts'
import { noStorage } from '../../job/storage/none.ts'
import { failureOf } from '../unit/job/failure-of.ts'
import { openJournal } from '../../job/journal/persisted-journal.ts'
import type { DatabaseBackup } from '../../operation/record.ts'
import { ensureMedusa } from '../stand-ins/cassandra/real-medusa.ts'
import { ensureCassandra, startRing } from '../stand-ins/cassandra/real-ring.ts'

// `npm run test:cassandra`: a real ring of two nodes of Cassandra 5.0 with its own nodetool, and Medusa 0.31. About six
// minutes.

const folder = t.testdir()
const ring = await startRing(await ensureCassandra(), folder, 2, await ensureMedusa())
t.teardown(() => ring.close())
const [first, second] = ring.nodes
if (first === undefined || second === undefined) throw new Error('a ring of two')

/** Asks the ring by a connection of its own: the driver does not soon come back to a node that was stopped. */
async function execute(query: string): Promise<cassandraDriver.types.ResultSet> {
  const client = new cassandraDriver.Client({
    contactPoints: [first?.address ?? ''],
    localDataCenter: 'datacenter1',
    pooling: { heartBeatInterval: 0 },
    queryOptions: { consistency: cassandraDriver.types.consistencies.all },
    socketOptions: { readTimeout: 60_000 },
  })
  try {
    return await client.execute(query)
  } finally {
    await client.shutdown()
  }
}
for (const statement of [
  "CREATE KEYSPACE scalar WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}",
  'CREATE TABLE scalar.asset (id text PRIMARY KEY, age int)',
  'CREATE TABLE scalar."Empty" (id text PRIMARY KEY)',
  "CREATE KEYSPACE coordinator WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}",
  'CREATE TABLE coordinator.state (tx_id text PRIMARY KEY, tx_state int, tx_created_at bigint)',
  'CREATE INDEX ages ON scalar.asset (age)',
])
  await execute(statement)
await execute("INSERT INTO scalar.asset (id, age) VALUES ('a', 1) IF NOT EXISTS")

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

const minuteMs = 60_000
/** A transaction as ScalarDB's coordinator keeps it, and a row that it wrote. */
async function commit(id: string, createdAtMs: number) {
  const insert = 'INSERT INTO coordinator.state (tx_id, tx_state, tx_created_at) VALUES'
  await execute(`${insert} ('${id}', 3, ${createdAtMs})`)
  await execute(`INSERT INTO scalar.asset (id, age) VALUES ('${id}', 1)`)
}

async function ids(): Promise<string[]> {
  const { rows } = await execute('SELECT id FROM scalar.asset')
  return rows.map((row) => String(row['id'])).sort()
}

/** Has a restore note how the ring is; what goes on with it, or gives it up. */
async function handOver(t: Test, entry: DatabaseBackup) {
  const given = { ...context('restore'), releases: [] }
  const destination = cassandra.openRestore(settings(t), entry, given)
  const journal = await openJournal('restore', { read: async () => undefined, write: async () => undefined })
  const findings = await destination.preflight()
  t.strictSame(
    findings.filter(({ outcome }) => outcome !== 'ok'),
    [],
  )
  await destination.activate(journal)
  return cassandra.openUndo(settings(t), entry, { ...given, former: destination.describe() })
}

async function restarted(whileDown: () => void | Promise<void>) {
  await Promise.all(ring.nodes.map((node) => node.kill()))
  await whileDown()
  for (const node of ring.nodes) await node.start()
}

/** Puts a snapshot back as the runbook says. */
function putBack(entry: DatabaseBackup) {
  const tag = String(entry.details['tag'])
  for (const { folder: own } of ring.nodes) {
    for (const kept of ['commitlog', 'hints', 'saved_caches']) rmSync(join(own, kept), { recursive: true, force: true })
    for (const table of ['scalar/*', 'coordinator/*', 'system/paxos-*', 'system/batches-*'])
      for (const at of globSync(`${own}/data/${table}`)) {
        for (const file of globSync(`${at}/*.*`)) if (statSync(file).isFile()) rmSync(file)
        for (const file of globSync(`${at}/snapshots/${tag}/*`))
          if (statSync(file).isFile()) copyFileSync(file, join(at, basename(file)))
      }
  }
}

const outcomes = async (of: ReturnType<typeof cassandra.openUndo>) =>
  ((await of.checkDone?.()) ?? []).map(({ check, outcome }) => `${check}: ${outcome}`)

const done = [
  'cassandra nodes: ok',
  'cassandra tokens: ok',
  'cassandra restarts: ok',
  'cassandra schema: ok',
  'cassandra data: ok',
  'cassandra, not seen: warning',
]

t.test('restored by the runbook, and looked at before and after', async (t) => {
  await commit('old', Date.now() - 10 * minuteMs)
  const source = cassandra.openBackup(settings(t), context('backup-r'))
  await source.prepare()
  await source.snapshot()
  const entry = await source.complete('r')
  await source.close()
  await commit('new', Date.now() + 10 * minuteMs)
  const handed = await handOver(t, entry)
  t.match(await handed.checkWayBack(), [{ outcome: 'ok' }])
  t.match(await outcomes(handed), ['cassandra nodes: ok', 'cassandra tokens: ok', 'cassandra restarts: error'])

  await restarted(() => undefined)
  t.match((await outcomes(handed))[4], 'cassandra data: error', 'restarted, and nothing was put back')
  await restarted(() => putBack(entry))
  t.strictSame(await outcomes(handed), done)
  t.match(await failureOf(handed.checkWayBack()), { why: /was stopped or started since/ })
  t.strictSame(await ids(), ['a', 'old'])
  await cassandra.remove?.(settings(t), entry, context('delete-r'))
})

t.test('Medusa copies the snapshots away, verifies them, and restores them', async (t) => {
  const given = { ...context('backup-m'), flags: { own: { 'cassandra-medusa': 'medusa' } } }
  const source = cassandra.openBackup(settings(t), given)
  t.strictSame(
    (await source.preflight()).filter(({ outcome }) => outcome !== 'ok'),
    [],
  )
  await source.prepare()
  await source.snapshot()
  const entry = await source.complete('m')
  await source.close()
  const tag = String(entry.details['tag'])
  t.strictSame(snapshotsOf('backup-m'), [], 'the nodes keep none')
  t.ok(globSync(`${folder}/medusa/backups/**/*-Data.db`).length > 0)
  await commit('newer', Date.now() + 10 * minuteMs)
  const handed = await handOver(t, entry)
  const pods = ring.podsIn()
  const limits = { timeoutMs: 300_000, signal: new AbortController().signal }
  await restarted(async () => {
    for (const { pod } of ring.nodes) {
      const ended = await pods.run(
        pod,
        'medusa',
        ['medusa', 'restore-node', '--in-place', '--backup-name', tag],
        limits,
      )
      t.equal(ended.exitCode, 0, ended.stderr.slice(-2000))
    }
  })
  t.strictSame(await outcomes(handed), done)
  t.strictSame(await ids(), ['a', 'old'])
  await cassandra.remove?.(settings(t), entry, context('delete-m'))
  const { stdout } = await pods.run('cassandra-1', 'medusa', ['medusa', 'list-backups', '--show-all'], limits)
  t.notMatch(stdout, tag)
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
