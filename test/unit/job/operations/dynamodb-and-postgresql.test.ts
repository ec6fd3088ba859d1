import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { work } from '../../../../job/worker/worker.ts'
import type { OperationRecord } from '../../../../operation/record.ts'
import { mounts, type OperationRequest, type RequestOf } from '../../../../operation/request.ts'
import { startAws } from '../../../stand-ins/aws/aws.ts'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { accessKey, createInstallation, region, secretKey } from '../databases/dynamodb/installation.ts'
import { createLedgerDatabase } from '../databases/postgresql/ledger-database.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedger } from '../servers/ledgers.ts'

// A Ledger on DynamoDB with its coordinator in PostgreSQL: one window, one record, one point or none.

const phases = { createTable: 5, deleteTable: 5, updateTable: 5, createIndex: 5, restore: 50, createBackup: 50 }
const [aws, postgresql] = await Promise.all([
  startAws({ settings: { restorableLagMs: 500, phases, limits: { ratePerSecond: {} } } }),
  startPostgresql(['max_prepared_transactions=5']),
])
process.env['PATH'] = `${postgresql.tools}:${process.env['PATH'] ?? ''}`
const installation = await createInstallation(aws)
const folder = mkdtempSync(join(tmpdir(), 'mounts-'))
t.teardown(async () => {
  installation.close()
  await Promise.all([aws.stop(), postgresql.stop()])
  rmSync(folder, { recursive: true })
})
// The stand-in is no endpoint of AWS.
writeFileSync(join(folder, 'hosts'), '127.0.0.1,localhost')
Object.assign(mounts, { volume: folder, databaseSecret: folder })

const database = 'ledger'
const made = await createLedgerDatabase(postgresql, database, 10)
await made.end()

const several = 'scalar.db.multi_storage.'
const properties = [
  'scalar.db.storage=multi-storage',
  `${several}storages=dynamo,jdbc`,
  `${several}default_storage=dynamo`,
  `${several}namespace_mapping=coordinator:jdbc`,
  `${several}storages.dynamo.storage=dynamo`,
  `${several}storages.dynamo.contact_points=${region}`,
  `${several}storages.dynamo.username=${accessKey}`,
  `${several}storages.dynamo.password=${secretKey}`,
  `${several}storages.dynamo.dynamo.endpoint_override=${aws.endpoint}`,
  `${several}storages.jdbc.storage=jdbc`,
  `${several}storages.jdbc.contact_points=jdbc:postgresql://${postgresql.host}:${postgresql.port}/${database}`,
  `${several}storages.jdbc.username=${postgresql.superuser}`,
  `${several}storages.jdbc.password=${postgresql.password}`,
].join('\n')
const file = join(folder, 'ledger.properties')
const server = await startLedger()
t.teardown(() => server.stop())
const cluster = inMemoryCluster([server.pod])
let replicas = 1
cluster.workloads = async () => [{ name: 'my-ledger', release: 'my-ledger', replicas, readyReplicas: replicas }]
cluster.scale = async (_, count) => {
  replicas = count
  cluster.pods = count > 0 ? [server.pod] : []
  if (count > 0) server.gate.open()
}
const configMap = { name: 'my-ledger-properties', key: 'ledger.properties' }
const inUse = () => cluster.texts.get(`${configMap.name}/${configMap.key}`) ?? ''
cluster.texts.set(`${configMap.name}/${configMap.key}`, properties)

const { kind: _, durationMs: __, target, ...common } = pauseRequest()
const release = { name: 'my-ledger', app: 'ledger', properties: { file, envPrefix: '', configMap } }
const shared = {
  ...common,
  pause: { drainMs: 1000, maxPauseMs: 30_000, guard: false },
  target: { ...target, releases: [release] },
  parallel: 2,
}
const backup: RequestOf<'backup'> = {
  ...shared,
  kind: 'backup',
  operation: 'backup-both',
  pauseMode: 'auto',
  schemas: [],
  retries: 0,
  to: 'pvc://backups/ledger',
}
const restore: RequestOf<'restore'> = {
  ...shared,
  kind: 'restore',
  operation: 'restore-both',
  backup: 'backup-both',
  choice: { strategy: 'prefix', unknownVersion: true },
  dropPrevious: false,
  readyMs: 5000,
}
const signal = new AbortController().signal

/** What the kubelet would mount, of the properties as they are now. */
async function run(request: OperationRequest): Promise<number> {
  writeFileSync(file, inUse())
  return await work(request, {
    cluster,
    events: jsonLineEvents(() => undefined),
    signal,
  })
}

async function inPostgresql<T>(ask: (client: Awaited<ReturnType<typeof postgresql.connect>>) => Promise<T>) {
  const client = await postgresql.connect(database)
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

/** One transaction: a record in DynamoDB, and its state in the coordinator's table. */
async function transaction(id: number): Promise<void> {
  await server.gate.letIn()
  await installation.client.putItem({
    TableName: 'scalar.contract',
    Item: { concatenatedPartitionKey: { B: Buffer.from(`tx ${id}`) } },
  })
  await inPostgresql((client) => client.query('INSERT INTO coordinator.state VALUES ($1, 3)', [`tx ${id}`]))
  server.gate.letOut()
}

/** The transactions that each database in service knows. */
async function transactions(): Promise<[string[], string[]]> {
  const prefix = /^scalar\.db\.multi_storage\.storages\.dynamo\.dynamo\.namespace\.prefix=(.*)$/m.exec(inUse())?.[1]
  const { Items = [] } = await installation.client.scan({ TableName: `${prefix ?? ''}scalar.contract` })
  const records = Items.map(({ concatenatedPartitionKey }) => Buffer.from(concatenatedPartitionKey?.B ?? []).toString())
  const { rows } = await inPostgresql((client) =>
    client.query<{ tx_id: string }>('SELECT tx_id FROM coordinator.state'),
  )
  return [records.filter((one) => one.startsWith('tx ')).sort(), rows.map(({ tx_id: id }) => id).sort()]
}

t.test('one window, one record, and one restore that brings both to its point', async (t) => {
  const stop = new AbortController()
  const writing = (async () => {
    for (let id = 1; !stop.signal.aborted; id += 1) await transaction(id)
  })()
  const code = await run(backup)
  stop.abort()
  await writing
  t.equal(code, 0)
  const taken = cluster.recordsByName.get('backup-both')
  const [window] = taken?.windows ?? []
  t.equal(taken?.windows.length, 1)
  t.equal(window?.verdict, 'valid')
  t.equal(taken?.backup?.state, 'restorable')
  t.strictSame(taken?.backup?.databases.map(({ kind }) => kind).sort(), ['dynamodb', 'postgresql'])
  for (const { title, snapshotAt = '' } of taken?.backup?.databases ?? []) {
    t.ok(snapshotAt >= (window?.allPausedAt ?? 'none'), `${title} was fixed after all were paused`)
    t.ok(snapshotAt <= (window?.unpauseSentAt ?? ''), `${title} was fixed before one was unpaused`)
  }
  const [, later] = await transactions()

  t.equal(await run(restore), 0, JSON.stringify(cluster.recordsByName.get('restore-both')?.failure))
  const [records, states] = await transactions()
  t.ok(records.length > 0 && records.length < later.length, 'the point lies amid the writing')
  t.strictSame(records, states, 'both have the same transactions')
  t.match(cluster.recordsByName.get('restore-both'), {
    state: 'succeeded',
    restore: { serving: 'restored', databases: { length: 2 } },
  })
  t.equal(replicas, 1)
})

t.test('where PostgreSQL cannot be switched, DynamoDB serves as before too', async (t) => {
  t.equal(await run({ ...backup, operation: 'backup-second' }), 0)
  await transaction(1_000_000)
  const [before, properties] = [await transactions(), inUse()]
  // A prepared transaction belongs to no session that could be ended.
  const prepare = "BEGIN; INSERT INTO coordinator.state VALUES ('held', 1); PREPARE TRANSACTION 'held'"
  const { scale } = cluster
  cluster.scale = async (name, count) => {
    cluster.scale = scale
    await inPostgresql((client) => client.query(prepare))
    await scale(name, count)
  }
  t.equal(await run({ ...restore, operation: 'restore-second', backup: 'backup-second' }), 1)
  await inPostgresql((client) => client.query("ROLLBACK PREPARED 'held'"))
  t.strictSame(await transactions(), before)
  t.equal(inUse(), properties)
  const failed = cluster.recordsByName.get('restore-second')
  t.match(failed, { state: 'failed', restore: { serving: 'previous' } })
  t.ok(
    failed?.phases.some(({ name }) => name === 'switch'),
    'both were loaded, and the releases stopped',
  )
  t.equal(replicas, 1)
})

t.test('the record in the storage is as materializing leaves it, done or given up', async (t) => {
  const recordOf = (name: string) => {
    const path = join(folder, `ledger/${name}/record.json`)
    const kept = JSON.parse(readFileSync(path, 'utf8')) as OperationRecord
    t.strictSame(kept.backup?.databases, cluster.recordsByName.get(`backup-${name}`)?.backup?.databases)
    return kept
  }
  const lasting = { ...backup, materialize: true }
  t.equal(await run({ ...lasting, operation: 'backup-lasting' }), 0)
  const kept = recordOf('lasting').backup?.databases.find(({ kind }) => kind === 'dynamodb')
  t.ok((kept?.serviceBackups ?? 0) > 0)
  const error = { code: 'AccessDeniedException' }
  aws.set({ faults: [{ operation: 'CreateBackup', table: 'restoring.*contract', effect: 'error', error }] })
  t.equal(await run({ ...lasting, operation: 'backup-brief' }), 1)
  aws.set({ faults: [] })
  t.match(cluster.recordsByName.get('backup-brief'), { state: 'failed', backup: { state: 'restorable' } })
  t.match(recordOf('brief').backup, { state: 'restorable' })
})
