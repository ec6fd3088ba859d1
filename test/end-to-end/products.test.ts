import t from 'tap'
import type { OperationRecord } from '../../operation/record.ts'
import { charts } from '../stand-ins/ledger/release/chart.ts'
import { singleStorage, type templates } from '../stand-ins/ledger/release/release-properties.ts'
import { pausedPods } from './stage/gates.ts'
import {
  addLedger,
  openDatabaseStage,
  passwords,
  secret,
  type LedgerStage,
  type LedgerStageOptions,
} from './stage/ledger-stage.ts'
import { backupOf, recordOf } from './stage/records.ts'

const location = 'pvc://backups/products'
const stage = await openDatabaseStage('kind-products')
t.teardown(() => stage.close())
await stage.kubectl([
  'exec',
  'statefulset/database',
  '--',
  'psql',
  '-qXU',
  'postgres',
  '-c',
  'CREATE DATABASE cluster_c OWNER scalar',
])

/** A release of one database, its user and password in a Secret that it takes over whole. */
function single(
  database: string,
  template: keyof typeof templates,
  more: LedgerStageOptions['more'],
): LedgerStageOptions {
  return {
    storage: 'single',
    replicas: 2,
    standIn: { STAND_IN_WORKERS: '1' },
    more: {
      properties: singleStorage(
        { server: 'database:5432', database },
        { username: 'DATABASE_USER', password: 'DATABASE_PASSWORD', template },
      ),
      secret: {
        name: `${database.replace('_', '-')}-user`,
        values: { DATABASE_USER: 'scalar', DATABASE_PASSWORD: passwords.scalar },
      },
      ...more,
    },
  }
}

// The Auditor's properties are in a Secret, which the kubelet reads, and neither the plugin nor the worker may.
const auditor = single('ledger_b', 'helm', {
  product: 'auditor',
  pod: { volumes: [{ name: charts.auditor.propertiesVolume, secret: { secretName: 'aud-properties' } }] },
})
await stage.apply([secret('aud-properties', { 'auditor.properties': auditor.more?.properties ?? '' })])
const [led, aud, dbc] = await Promise.all([
  addLedger(stage, { release: 'led', ...single('ledger_a', 'environment', {}) }),
  addLedger(stage, { release: 'aud', ...auditor }),
  addLedger(stage, { release: 'dbc', ...single('cluster_c', 'environment', { product: 'scalardb-cluster' }) }),
  stage.scalardl(['install']),
])

async function backup(name: string, args: readonly string[]): Promise<OperationRecord> {
  await stage.succeeds(['backup', ...args, '--to', location, '--name', name])
  return recordOf(stage, `backup-${name}`)
}

async function setWorkers(workers: number, ...ledgers: LedgerStage[]): Promise<void> {
  for (const { deployment } of ledgers) await stage.kubectl(['set', 'env', deployment, `STAND_IN_WORKERS=${workers}`])
  await stage.rolledOut(...ledgers.map(({ deployment }) => deployment))
}

t.test('Ledger and Auditor are backed up in one pause', async (t) => {
  const record = await backup('both', ['led', 'aud'])
  t.match(record.windows, [{ verdict: 'valid', reasons: { length: 0 } }])
  t.strictSame(record.windows[0]?.endpoints.map(({ release }) => release).toSorted(), ['aud', 'aud', 'led', 'led'])
  t.match(backupOf(record), {
    state: 'restorable',
    pause: { mode: 'auto', paused: true, why: /2 releases are backed up together/ },
  })
  t.strictSame(
    backupOf(record)
      .databases.map(({ storages }) => storages)
      .toSorted(),
    [['auditor/default'], ['ledger/default']],
  )
})

t.test('two releases without a pause are refused before anything is paused', async (t) => {
  const run = await stage.scalardl(['backup', 'led', 'aud', '--to', location, '--name', 'refused', '--pause', 'never'])
  t.equal(run.code, 2, run.stderr)
  t.match(run.stderr, /without a pause would be inconsistent/)
  t.equal((await stage.scalardl(['describe', 'backup', 'refused'])).code, 1, 'it has left no record')
})

t.test('Ledger and Auditor are restored together, and not one without the other', async (t) => {
  for (const { deployment } of [led, aud])
    await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
  await setWorkers(0, led, aud)
  const half = await stage.scalardl([
    'restore',
    'both',
    '--to-release',
    'led',
    '--database-secret',
    'database-admin',
    '--yes',
  ])
  t.equal(half.code, 1)
  t.match(half.stderr, /does not fit the releases/)
  t.notOk((await stage.check(led.deployment)).holds, 'nothing was restored')

  const run = await stage.scalardl(['restore', 'both', '--database-secret', 'database-admin', '--yes'])
  t.equal(run.code, 0, run.stderr)
  for (const { deployment } of [led, aud]) t.strictSame((await stage.check(deployment)).problems, [])
})

t.test('one transactional database of ScalarDB Cluster needs no pause', async (t) => {
  for (const mode of ['auto', 'never']) {
    const record = await backup(mode, ['dbc', '--pause', mode])
    t.strictSame(record.windows, [])
    t.match(backupOf(record), {
      state: 'restorable',
      pause: { mode, paused: false, why: /one transactional database/ },
    })
  }
  const described = await stage.scalardl(['describe', 'backup', 'auto'])
  t.match(described.stdout, /Pause: +no: one transactional database/)
})

t.test('servers are found by the SRV name of their Service', async (t) => {
  const srv = `_scalardb-cluster._tcp.${dbc.release.headlessService}.${stage.namespace}.svc.cluster.local`
  const record = await backup('always', ['dbc', '--pause', 'always', '--service-url', srv])
  t.match(record.windows, [{ verdict: 'valid', reasons: { length: 0 } }])
  t.strictSame(
    record.windows[0]?.endpoints.map(({ release }) => release),
    ['dbc', 'dbc'],
    'each server is known as the pod that it is',
  )
  t.match(backupOf(record).pause, { mode: 'always', paused: true })
})

t.test('servers are named by their addresses, all of a release or none', async (t) => {
  const { items } = await stage.get<{ items: { status: { podIP: string } }[] }>(['pods', '-l', dbc.release.selector])
  const addresses = items.map(({ status }) => `${status.podIP}:60053`)
  const run = await stage.scalardl([
    'pause',
    '--addresses',
    addresses.join(','),
    '--duration',
    '1s',
    '--name',
    'addresses',
  ])
  t.equal(run.code, 0, run.stderr)
  t.match((await recordOf(stage, 'pause-addresses')).windows, [
    { verdict: 'valid', endpoints: [{ release: 'dbc' }, { release: 'dbc' }] },
  ])

  const one = await stage.scalardl(['pause', '--addresses', addresses[0] ?? '', '--duration', '1s', '--name', 'one'])
  t.equal(one.code, 1)
  t.match(one.stderr, /no address given leads to it/)
  t.strictSame(await pausedPods(stage, 'dbc'), [])
})

t.test('of a server that does not know CheckPaused the record says what could not be checked', async (t) => {
  await stage.kubectl(['set', 'env', dbc.deployment, 'STAND_IN_SERVER_VERSION=2'])
  await stage.rolledOut(dbc.deployment)
  const record = await backup('old', ['dbc', '--pause', 'always'])
  t.match(record.windows, [
    { verdict: 'valid', reasons: [/cannot say whether it is paused/, /cannot say whether it is paused/] },
  ])
  t.match(
    record.findings.filter(({ outcome }) => outcome === 'warning').map(({ message }) => message),
    [/does not know CheckPaused/, /does not know CheckPaused/],
  )
  t.equal(backupOf(record).state, 'restorable')
  t.strictSame(await pausedPods(stage, 'dbc'), [])
})
