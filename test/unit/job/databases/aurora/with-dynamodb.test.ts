import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import t from 'tap'
import { formerSecretName } from '../../../../../operation/names.ts'
import { mounts, type OperationRequest } from '../../../../../operation/request.ts'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { masterLogin } from '../../../stand-ins/aws/instances.ts'
import { backupRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { accessKey, createInstallation, region, secretKey } from '../dynamodb/installation.ts'
import { openRelease, urlSecret } from '../rds/release-stage.ts'
import { clusterWith, onAurora } from './cluster-world.ts'

// A Ledger on a cluster of Aurora and on DynamoDB: one window, one record, one point or none.

const stage = await openRelease(t, 'ConfigMap', clusterWith('aurora-postgresql'))
const { failureIn, record, server, stored } = stage
const phases = { createTable: 5, deleteTable: 5, updateTable: 5, createIndex: 5, restore: 50, createBackup: 50 }
const dynamodb = await startAws({ settings: { restorableLagMs: 500, phases, limits: { ratePerSecond: {} } } })
const installation = await createInstallation(dynamodb)
t.teardown(async () => {
  installation.close()
  await dynamodb.stop()
})

// The worker's own identity is for AWS alone, unless somebody names the host.
const secret = t.testdir()
writeFileSync(join(secret, 'dynamo.hosts'), '127.0.0.1')
Object.assign(mounts, { databaseSecret: secret })

const several = 'scalar.db.multi_storage.'
const inService = [
  'scalar.db.storage=multi-storage',
  `${several}storages=jdbc,dynamo`,
  `${several}default_storage=jdbc`,
  `${several}namespace_mapping=scalar:dynamo`,
  ...stage
    .properties()
    .trim()
    .split('\n')
    .map((line) => line.replace(/^scalar\.db\./, `${several}storages.jdbc.`)),
  `${several}storages.dynamo.storage=dynamo`,
  `${several}storages.dynamo.contact_points=${region}`,
  `${several}storages.dynamo.username=${accessKey}`,
  `${several}storages.dynamo.password=${secretKey}`,
  `${several}storages.dynamo.dynamo.endpoint_override=${dynamodb.endpoint}`,
  '',
].join('\n')
stage.setProperties(inService)
for (const name of [urlSecret, formerSecretName(urlSecret)]) stored.granted.set(name, new Set(['get', 'patch']))

const codeOf = async (request: OperationRequest) => (await stage.worker(request)).code
const backup = onAurora(backupRequest('both'))
const restore = (name: string): OperationRequest => ({
  ...restoreRequest(name, 'both'),
  choice: { repoint: 'patch', unknownVersion: true, prefix: `${name}-` },
})

/** What the release's properties lead to now. */
function inUse(): { host: string; prefix: string } {
  const [, host = ''] = /contact_points=jdbc:postgresql:\/\/([^:]+):/.exec(stage.properties()) ?? []
  const [, prefix = ''] = /namespace\.prefix=(\S*)/.exec(stage.properties()) ?? []
  return { host, prefix }
}

async function inCluster<T>(ask: (client: Client) => Promise<T>): Promise<T> {
  const { MasterUsername: user, MasterUserPassword: password } = masterLogin
  const { host } = inUse()
  const { port } = new URL(stage.urlTo(host).replace('jdbc:', ''))
  const client = new Client({ host, port: Number(port), user, password, database: 'postgres' })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

const idOf = (number: number) => `tx ${String(number).padStart(4, '0')}`

/** One transaction: a row in the cluster in service, and an item in the table in service. */
async function transaction(number: number): Promise<void> {
  await server.gate.letIn()
  const id = idOf(number)
  await inCluster((client) => client.query('INSERT INTO beside VALUES ($1)', [id]))
  await installation.client.putItem({
    TableName: `${inUse().prefix}scalar.contract`,
    Item: { concatenatedPartitionKey: { B: Buffer.from(id) } },
  })
  server.gate.letOut()
}

/** The transactions that each database in service knows. */
async function transactions(): Promise<[string[], string[]]> {
  const rows = await inCluster((client) => client.query<{ id: string }>('SELECT id FROM beside ORDER BY id'))
  const { Items = [] } = await installation.client.scan({ TableName: `${inUse().prefix}scalar.contract` })
  const items = Items.map(({ concatenatedPartitionKey: key }) => Buffer.from(key?.B ?? []).toString())
  return [rows.rows.map(({ id }) => id), items.filter((id) => id.startsWith('tx ')).sort()]
}

const clusters = async () => ((await stage.client.describeDBClusters()).DBClusters ?? []).length
let atPoint: string[] = []
let now: [string[], string[]] = [[], []]

t.test('one window, one record, and a moment of each that lies in it', async (t) => {
  await inCluster((client) => client.query('CREATE TABLE beside (id text PRIMARY KEY)'))
  const stop = new AbortController()
  const writing = (async () => {
    for (let number = 1; !stop.signal.aborted; number += 1) await transaction(number)
  })()
  const code = await codeOf(backup)
  stop.abort()
  await writing
  t.equal(code, 0, failureIn('backup-both'))
  now = await transactions()
  t.strictSame(now[0], now[1])
  const told = record('backup-both')
  t.match(told, { windows: { length: 1 }, backup: { state: 'restorable' } })
  const [window] = told?.windows ?? []
  t.strictSame(told?.backup?.databases.map(({ kind }) => kind).sort(), ['aurora', 'dynamodb'])
  for (const { title, snapshotAt = '' } of told?.backup?.databases ?? [])
    t.ok(
      snapshotAt >= (window?.allPausedAt ?? 'none') && snapshotAt <= (window?.unpauseSentAt ?? ''),
      `${title} was fixed in the pause`,
    )
})

t.test('both are brought to the point, and back', async (t) => {
  t.equal(await codeOf(restore('both')), 0, failureIn('restore-both'))
  t.match(record('restore-both')?.restore, { serving: 'restored' })
  const [rows, items] = await transactions()
  t.strictSame(rows, items, 'both have the same transactions')
  t.ok(rows.length > 0 && rows.length < now[0].length, 'the point lies amid the writing')
  atPoint = rows
  t.not(inUse().host, stage.host)
  t.equal(inUse().prefix, 'both-')
  t.equal(await codeOf(undoRequest('both', 'both')), 0, failureIn('undo-both'))
  t.strictSame(await transactions(), now)
  t.equal(stage.properties(), inService)
  t.equal(stage.replicas(), 1)
})

t.test('where a table cannot be restored, the cluster in service serves on', async (t) => {
  const before = await clusters()
  stage.aws.forgetCalls()
  const error = {
    code: 'AccessDeniedException',
    message: 'not authorized to perform dynamodb:RestoreTableToPointInTime',
  }
  // Not of the calls that try whether the worker may.
  const table = 'none-scalar.contract'
  dynamodb.set({ faults: [{ operation: 'RestoreTableToPointInTime', table, effect: 'error', error }] })
  t.equal(await codeOf(restore('none')), 1)
  dynamodb.set({ faults: [] })
  const made = stage.aws
    .calls()
    .filter(({ operation, status }) => operation === 'RestoreDBClusterToPointInTime' && status === 200)
  t.equal(made.length, 1, failureIn('restore-none'))
  t.match(record('restore-none'), { state: 'failed', restore: { serving: 'previous' } })
  t.equal(stage.properties(), inService)
  t.strictSame(await transactions(), now)
  t.equal(stage.replicas(), 1)
  t.equal(await clusters(), before, 'the cluster that was made for it is gone again')
})

t.test('brought to the point once more', async (t) => {
  t.equal(await codeOf(restore('again')), 0, failureIn('restore-again'))
  t.strictSame(await transactions(), [atPoint, atPoint])
})
