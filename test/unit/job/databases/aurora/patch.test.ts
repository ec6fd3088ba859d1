import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Client } from 'pg'
import t from 'tap'
import { clusters } from '../../../../../job/databases/aurora/clusters.ts'
import { formerSecretName } from '../../../../../operation/names.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { availableCluster, describeCluster } from '../../../stand-ins/aws/clusters.ts'
import { describe, masterLogin } from '../../../stand-ins/aws/instances.ts'
import { backupRequest, dropRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { openRelease, urlOf, urlSecret } from '../rds/release-stage.ts'
import { clusterWith, onAurora, toldOf } from './cluster-world.ts'

// A Ledger on a cluster of Aurora through the whole worker: backed up, damaged, restored, pointed there and back.

const stage = await openRelease(t, 'Secret', clusterWith('aurora-postgresql'))
const { aws, bank, bankAt, client, failureIn, host, record, stored } = stage
const former = formerSecretName(urlSecret)
const codeOf = async (request: OperationRequest) => (await stage.worker(request)).code
const made = (restore: string) => record(restore)?.restore?.databases[0]?.details ?? {}
const clusterNames = async () =>
  ((await client.describeDBClusters()).DBClusters ?? [])
    .map(({ DBClusterIdentifier = '' }) => DBClusterIdentifier)
    .sort()

/** The actions that a policy allows. */
const actionsOf = (file: string) => {
  const text = readFileSync(resolve(import.meta.dirname, '../../../../../docs/platforms/policies', file), 'utf8')
  return (JSON.parse(text) as { Statement: { Action: string[] }[] }).Statement.flatMap(({ Action }) => Action)
}

/** A session of somebody at a host. */
async function login(at: string): Promise<Client> {
  const { MasterUsername: user, MasterUserPassword: password } = masterLogin
  const { port } = new URL(stage.urlTo(host).replace('jdbc:', ''))
  const one = new Client({ host: at, port: Number(port), user, password, database: 'postgres' })
  await one.connect()
  return one
}

t.before(async () => {
  await stage.writeSome()
  t.equal(await codeOf(onAurora(backupRequest('a'))), 0, failureIn('backup-a'))
  t.match(record('backup-a')?.backup, { state: 'restorable', databases: [{ kind: 'aurora' }] })
  await stage.writeSome()
  await bank.damage()
  for (const name of [urlSecret, former]) stored.granted.set(name, new Set(['get', 'patch']))
  stored.put(former, {})
})

t.test(
  'patch: the URL is that of the new cluster, which holds the state of the point; undo puts it back',
  async (t) => {
    const before = await toldOf({ client }, 'ledger')
    t.equal(await codeOf({ ...restoreRequest('a', 'a'), choice: { repoint: 'patch' } }), 0, failureIn('restore-a'))
    const { cluster, host: madeHost } = made('restore-a')
    t.match(record('restore-a')?.restore, {
      serving: 'restored',
      databases: [{ state: 'in-service', previous: 'cluster ledger' }],
    })
    t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(String(madeHost)) })
    t.strictSame((await (await bankAt(String(madeHost))).check()).problems, [])
    t.strictSame(await toldOf({ client }, String(cluster)), before)

    t.equal(await codeOf(undoRequest('a', 'a')), 0, failureIn('undo-a'))
    t.strictSame(stored.data(urlSecret), { [urlOf]: stage.urlTo(host) })
    t.strictSame(await clusterNames(), ['ledger', String(cluster)], 'both clusters stay')
  },
)

t.test('sessions are looked for on every instance that serves', async (t) => {
  const one = await clusters.look(client as never, 'ledger')
  if (one === undefined) throw new Error('no cluster')
  const { DBInstances = [] } = await client.describeDBInstances({
    Filters: [{ Name: 'db-cluster-id', Values: ['ledger'] }],
  })
  const endpoints = DBInstances.map(({ Endpoint }) => Endpoint?.Address ?? '').sort()
  t.equal(new Set(endpoints).size, 3)
  // One server is behind all of them here, and would tell of every session at the first.
  const asked = clusters.servers(one).map(({ host }) => host)
  t.strictSame(asked.sort(), endpoints)
  const stopped = one.members.map((member) => (member.isWriter ? member : { ...member, status: 'stopped' }))
  t.equal(clusters.servers({ ...one, members: stopped }).length, 1)
})

t.test('the former cluster goes with its instances where it is asked for, and nothing needs it', async (t) => {
  t.equal(await codeOf({ ...restoreRequest('b', 'a'), choice: { repoint: 'patch' } }), 0, failureIn('restore-b'))
  const refused = async (name: string) => {
    t.equal(await codeOf(dropRequest(name, 'b')), 1)
    t.ok((await clusterNames()).includes('ledger'))
    return failureIn(`drop-${name}`)
  }
  t.match(await refused('protected'), /protected from deletion.*modify-db-cluster.*--no-deletion-protection/)
  await client.modifyDBCluster({ DBClusterIdentifier: 'ledger', DeletionProtection: false })
  await until('it may go', async () => (await describeCluster(client, 'ledger'))?.DeletionProtection === false)
  await availableCluster(client, 'ledger')
  // At a reader, which the release does not name.
  const reader = (await describe(client, 'ledger-2'))?.Endpoint?.Address ?? ''
  t.not(reader, host)
  const session = await login(reader)
  t.match(await refused('busy'), /somebody uses it: keeper in postgres/)
  await session.end()

  aws.forgetCalls()
  await until('nobody is logged in', async () => {
    const one = await login(host)
    const asked = 'SELECT FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()'
    const { rowCount } = await one.query(asked)
    await one.end()
    return rowCount === 0
  })
  const { code, events } = await stage.worker(dropRequest('b', 'b'))
  t.equal(code, 0, failureIn('drop-b'))
  const allowed = ['aurora-backup.json', 'aurora-drop.json'].flatMap(actionsOf)
  const calls = aws.calls().filter(({ operation }) => !operation.startsWith('Describe'))
  t.strictSame(
    calls.filter(({ operation }) => !allowed.includes(`rds:${operation}`)),
    [],
    'the policies are enough',
  )
  t.strictSame(
    calls.filter(({ status }) => status === 200).map(({ tables }) => tables[0]),
    ['ledger-3', 'ledger-2', 'ledger-1', 'ledger'],
    'the readers, the writer, then the cluster',
  )
  t.notOk((await clusterNames()).includes('ledger'))
  const snapshot = `final-${String(made('restore-b')['cluster'])}`
  t.match((await client.describeDBClusterSnapshots({ DBClusterSnapshotIdentifier: snapshot })).DBClusterSnapshots, [
    { DBClusterIdentifier: 'ledger' },
  ])
  t.match(events.map(({ message }) => message).join('\n'), new RegExp(`kept in the snapshot ${snapshot}`))
})

t.test('a backup of a cluster that was deleted so is restored by what is kept of it', async (t) => {
  const print = { repoint: 'print' as const }
  aws.forgetCalls()
  t.equal(await codeOf({ ...restoreRequest('kept', 'a'), choice: print }), 0, failureIn('restore-kept'))
  const [asked] = aws.calls().filter(({ operation, status }) => operation.startsWith('RestoreDB') && status === 200)
  t.match(asked?.input, { SourceDbClusterResourceId: /^cluster-/ })
  t.strictSame((await (await bankAt(String(made('restore-kept')['host']))).check()).problems, [])
  t.equal(await codeOf(undoRequest('kept', 'kept')), 0, failureIn('undo-kept'))
  t.notOk((await clusterNames()).includes(String(made('restore-kept')['cluster'])))
})
