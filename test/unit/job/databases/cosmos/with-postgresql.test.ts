import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { formerSecretName } from '../../../../../operation/names.ts'
import { mounts } from '../../../../../operation/request.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { createContainer, dataClient, group } from '../../../stand-ins/azure/clients.ts'
import type { Moment } from '../../mortal-cluster.ts'
import { createLedgerDatabase } from '../postgresql/ledger-database.ts'
import {
  backupRequest,
  doctorRequest,
  keyOf,
  keySecret,
  openRelease,
  restoreRequest,
  undoRequest,
} from './release-stage.ts'

// A Ledger on Cosmos DB with its coordinator in PostgreSQL: one window, one record, one point or none.

const [stage, postgresql] = await Promise.all([openRelease(t), startPostgresql(['max_prepared_transactions=5'])])
process.env['PATH'] = `${postgresql.tools}:${process.env['PATH'] ?? ''}`
const { cluster, server, stored } = stage
const folder = mkdtempSync(join(tmpdir(), 'mounts-'))
t.teardown(async () => {
  await postgresql.stop()
  rmSync(folder, { recursive: true })
})
// The account is no server of theirs.
writeFileSync(join(folder, 'hosts'), '127.0.0.1,localhost')
Object.assign(mounts, { volume: folder, databaseSecret: folder })

const database = 'ledger'
const made = await createLedgerDatabase(postgresql, database, 10)
await made.end()
const contracts = await createContainer(await dataClient(t, stage, 'ledger'), 'beside', 'contract')

const several = 'scalar.db.multi_storage.'
const inService = [
  'scalar.db.storage=multi-storage',
  `${several}storages=cosmos,jdbc`,
  `${several}default_storage=cosmos`,
  `${several}namespace_mapping=coordinator:jdbc`,
  ...stage
    .properties()
    .trim()
    .split('\n')
    .map((line) => line.replace(/^scalar\.db\./, `${several}storages.cosmos.`)),
  `${several}storages.jdbc.storage=jdbc`,
  `${several}storages.jdbc.contact_points=jdbc:postgresql://${postgresql.host}:${postgresql.port}/${database}`,
  `${several}storages.jdbc.username=${postgresql.superuser}`,
  `${several}storages.jdbc.password=${postgresql.password}`,
].join('\n')
stage.setProperties(inService)
for (const name of [keySecret, formerSecretName(keySecret)]) stored.granted.set(name, new Set(['get', 'patch']))
stored.put(formerSecretName(keySecret), {})
const keyInService = stored.data(keySecret)?.[keyOf]

const backup = { ...backupRequest('both'), to: 'pvc://backups/ledger' }
const restore = (name: string) => ({ ...restoreRequest(name, 'both'), choice: { repoint: 'patch' as const } })
const failureIn = (operation: string) => JSON.stringify(stage.record(operation)?.failure)

async function inPostgresql<T>(ask: (client: Awaited<ReturnType<typeof postgresql.connect>>) => Promise<T>) {
  const client = await postgresql.connect(database)
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

/** The account that the release is pointed to by its endpoint and by its key, which have to be of one account. */
async function accountInUse() {
  const [, name = ''] = /contact_points=\S*\/accounts\/([^/]+)\//.exec(stage.properties()) ?? []
  const { primaryMasterKey } = await stage.client.databaseAccounts.listKeys(group, name)
  return { name, isWhole: stored.data(keySecret)?.[keyOf] === primaryMasterKey }
}

/** One transaction: a document in the account in service, and its state in the coordinator's table. */
async function transaction(id: number): Promise<void> {
  await server.gate.letIn()
  await contracts.items.create({ id: `tx ${id}`, concatenatedPartitionKey: `tx ${id}` })
  await inPostgresql((client) => client.query('INSERT INTO coordinator.state VALUES ($1, 3)', [`tx ${id}`]))
  server.gate.letOut()
}

/** The transactions that each database in service knows. */
async function transactions(): Promise<[string[], string[]]> {
  const { name } = await accountInUse()
  const container = (await dataClient(t, stage, name)).database('beside').container('contract')
  const { resources } = await container.items.readAll().fetchAll()
  const { rows } = await inPostgresql((client) =>
    client.query<{ tx_id: string }>('SELECT tx_id FROM coordinator.state'),
  )
  return [resources.map(({ id = '' }) => id).sort(), rows.map(({ tx_id: id }) => id).sort()]
}

let atPoint: string[] = []
let now: [string[], string[]] = [[], []]

t.test('one window, one record, and a word about what alone will restore it', async (t) => {
  const stop = new AbortController()
  const writing = (async () => {
    for (let id = 1; !stop.signal.aborted; id += 1) await transaction(id)
  })()
  const { code } = await stage.worker(backup)
  stop.abort()
  await writing
  t.equal(code, 0, failureIn('backup-both'))
  now = await transactions()
  const record = stage.record('backup-both')
  t.match(record, { windows: { length: 1 }, backup: { state: 'restorable' } })
  const [window] = record?.windows ?? []
  t.strictSame(record?.backup?.databases.map(({ kind }) => kind).sort(), ['cosmos', 'postgresql'])
  for (const { title, snapshotAt = '' } of record?.backup?.databases ?? [])
    t.ok(
      snapshotAt >= (window?.allPausedAt ?? 'none') && snapshotAt <= (window?.unpauseSentAt ?? ''),
      `${title} was fixed in the pause`,
    )
  const about = ({ check }: { check: string }) => check === 'restore'
  t.match(record?.findings?.filter(about), [{ outcome: 'warning', message: /^only --repoint patch will restore it: / }])
  t.equal((await stage.worker(doctorRequest('both'))).code, 0, failureIn('doctor-both'))
  t.match(stage.record('doctor-both')?.findings?.filter(about), [{ outcome: 'warning' }])
})

t.test('pointed by hand it is not restored, and nothing is made', async (t) => {
  stage.azure.forgetCalls()
  for (const choice of [undefined, { repoint: 'print' as const }]) {
    const operation = `restore-by-${choice?.repoint}`
    t.equal((await stage.worker({ ...restore('by'), operation, choice })).code, 1)
    t.match(stage.record(operation)?.failure, {
      why: /Cosmos DB is restored .* by hand.*PostgreSQL/,
      next: /^restore it with --repoint patch; or restore each by its own means/,
    })
  }
  t.strictSame(stage.changes(), [])
  t.equal(stage.replicas(), 1)
})

t.test('both are brought to the point, and back', async (t) => {
  t.equal((await stage.worker(restore('both'))).code, 0, failureIn('restore-both'))
  const [documents, states] = await transactions()
  t.strictSame(documents, states, 'both have the same transactions')
  t.ok(documents.length > 0 && documents.length < now[0].length, 'the point lies amid the writing')
  atPoint = documents
  t.equal((await accountInUse()).isWhole, true)
  t.match(stage.record('restore-both'), { state: 'succeeded', restore: { serving: 'restored' } })
  t.equal((await stage.worker(undoRequest('both', 'both'))).code, 0, failureIn('undo-both'))
  t.strictSame(await transactions(), now)
  t.equal(stage.properties(), inService)
  t.equal(stored.data(keySecret)?.[keyOf], keyInService)
  t.equal(stage.replicas(), 1)
})

t.test('where PostgreSQL cannot be switched, the account in service serves as before too', async (t) => {
  const { scale } = cluster
  cluster.scale = async (name, count) => {
    cluster.scale = scale
    await scale(name, count)
    // Somebody takes what was loaded for one that nobody needs.
    const admin = await postgresql.connect()
    const { rows } = await admin.query<{ datname: string }>('SELECT datname FROM pg_database ORDER BY oid DESC LIMIT 1')
    await admin.query(`DROP DATABASE "${rows[0]?.datname}" WITH (FORCE)`)
    await admin.end()
  }
  t.equal((await stage.worker(restore('held'))).code, 1)
  t.match(stage.record('restore-held'), { state: 'failed', restore: { serving: 'previous' } })
  t.ok(
    stage.record('restore-held')?.phases.some(({ name }) => name === 'switch'),
    'both were loaded, and the release stopped',
  )
  t.strictSame(await transactions(), now)
  t.equal(stage.properties(), inService)
  t.equal(stored.data(keySecret)?.[keyOf], keyInService)
  t.equal(stage.replicas(), 1)
})

/** Workers of one operation, each killed at the first write of the journal that none before was killed at. */
async function killedAtEach(request: Parameters<typeof stage.mortal>[0]): Promise<{ kills: string[]; code: number }> {
  const survived = new Set<string>()
  const kills: string[] = []
  const dies = ({ step, at }: Moment) => {
    const moment = `${at} ${step}`
    const isNew = !survived.has(moment) && !/^worker \d+$/.test(step)
    survived.add(moment)
    // Before the release stands still, nothing that serves is touched.
    if (!isNew || stage.replicas() > 0) return false
    kills.push(moment)
    return true
  }
  for (;;) {
    const code = await stage.mortal(request, dies)
    if (code !== 'killed') return { kills, code }
    if (stage.replicas() > 0) throw new Error('the release was started by a worker that was killed')
  }
}

/** A step is begun, and it has acted with its result lost. */
const bothOf = (step: string) => [`begun ${step}`, `acted ${step}`]
const inDatabase = `postgresql://${postgresql.host}:${postgresql.port}/${database}`

t.test(
  'killed at each write of the journal while the release stands still: the same end, forth and back',
  async (t) => {
    const accounts = (await stage.accounts()).length
    const forth = await killedAtEach(restore('killed'))
    t.equal(forth.code, 0, failureIn('restore-killed'))
    t.strictSame(forth.kills, [
      ...bothOf('note properties'),
      ...bothOf('point ledger/cosmos contact_points to the restored account'),
      ...bothOf('point ledger/cosmos password to the restored account'),
      ...bothOf(`activate ${inDatabase}`),
      ...bothOf('restored data in service'),
    ])
    t.strictSame(await transactions(), [atPoint, atPoint])
    t.equal((await accountInUse()).isWhole, true)
    t.equal((await stage.accounts()).length, accounts + 1, 'no second account')
    t.equal(stage.replicas(), 1)

    const back = await killedAtEach(undoRequest('killed', 'killed'))
    t.equal(back.code, 0, failureIn('undo-killed'))
    t.strictSame(back.kills, [
      'begun database 1 back',
      ...bothOf('point ledger/cosmos contact_points to the former account'),
      ...bothOf('point ledger/cosmos password to the former account'),
      ...bothOf('forget what the properties said'),
      'begun database 2 back',
      ...bothOf(`deactivate ${inDatabase}`),
    ])
    t.strictSame(await transactions(), now)
    t.equal(stage.properties(), inService)
    t.equal(stored.data(keySecret)?.[keyOf], keyInService)
    t.equal(stage.replicas(), 1)
  },
)

t.test('an undo that fails between endpoint and key: all serve again as they did', async (t) => {
  t.equal((await stage.worker(restore('half'))).code, 0, failureIn('restore-half'))
  const { name } = await accountInUse()
  // The endpoint is in a ConfigMap, the key in the Secret.
  const { scale } = cluster
  cluster.scale = async (deployment, count) => {
    cluster.scale = scale
    stored.granted.set(keySecret, new Set(['get']))
    await scale(deployment, count)
  }
  t.equal((await stage.worker(undoRequest('half', 'half'))).code, 1)
  t.strictSame(await accountInUse(), { name, isWhole: true })
  t.strictSame(await transactions(), [atPoint, atPoint])
  t.match(stage.record('restore-half')?.restore, { serving: 'restored' })
  t.equal(stage.replicas(), 1)
  stored.granted.set(keySecret, new Set(['get', 'patch']))
  t.equal((await stage.worker(undoRequest('half-again', 'half'))).code, 0, failureIn('undo-half-again'))
  t.strictSame(await transactions(), now)
})
