import t from 'tap'
import { formerSecretName } from '../../operation/names.ts'
import { toldOf } from '../unit/job/databases/aurora/cluster-world.ts'
import { availableCluster, describeCluster } from '../unit/stand-ins/aws/clusters.ts'
import { until } from './stage/gates.ts'
import { keptToRights } from './stage/clouds/rds-rights.ts'
import { aCluster, inService, openRdsStage, urlKey, urlSecret } from './stage/clouds/rds-stage.ts'
import { servesThePoint } from './stage/clouds/serves-the-point.ts'
import { recordOf } from './stage/records.ts'
import { damage, replicasOf } from './stage/restore-stage.ts'
import { stopWriters } from './stage/writers.ts'

// A Ledger on a cluster of Aurora with readers, pointed to a restored one and back, and the former removed at last.

const at = await openRdsStage('aurora-restore', aCluster)
const { stage, deployment, client, scalardl, secretText } = at
t.teardown(() => at.close())
t.setTimeout(600_000)

const clusters = async () =>
  ((await client.describeDBClusters()).DBClusters ?? [])
    .map(({ DBClusterIdentifier = '' }) => DBClusterIdentifier)
    .sort()

/** Every host by which anybody reaches a cluster. */
async function hostsOf(id: string): Promise<(string | undefined)[]> {
  const { Endpoint, ReaderEndpoint, CustomEndpoints = [] } = (await describeCluster(client, id)) ?? {}
  const { DBInstances = [] } = await client.describeDBInstances({ Filters: [{ Name: 'db-cluster-id', Values: [id] }] })
  return [Endpoint, ReaderEndpoint, ...CustomEndpoints, ...DBInstances.map((one) => one.Endpoint?.Address)]
}

/** What a restore made, by its record. */
const madeBy = async (restore: string) => {
  const record = await recordOf(stage, restore)
  const { details = {} } = record.restore?.databases[0] ?? {}
  return { restore: record.restore, cluster: String(details['cluster']), differences: details['differences'] }
}

const settings = await toldOf(at, inService)
const hosts = await hostsOf(inService)
await scalardl('backup', 'my', '--managed', 'aurora', '--pause', 'always', '--name', 'point')
await damage(at)
await stopWriters(stage, deployment)
const damaged = await stage.check(deployment)
const before = await secretText(urlSecret)
let made = ''

t.test('the backup is a second amid the writing, and the data was damaged after it', async (t) => {
  t.match(await recordOf(stage, 'backup-point'), {
    backup: { state: 'restorable', databases: [{ kind: 'aurora' }] },
    windows: [{ verdict: 'valid' }],
  })
  t.not(damaged.problems.length, 0)
})

t.test('a restore makes a cluster like the former, and points the release to it', async (t) => {
  await scalardl('restore', 'point', '--name', 'new', '--repoint', 'patch', '--yes')
  const { restore, cluster, differences } = await madeBy('restore-new')
  made = cluster
  t.match(restore, {
    serving: 'restored',
    databases: [{ previous: 'cluster ledger', details: { former: { keptIn: formerSecretName(urlSecret) } } }],
  })
  const [custom = ''] = settings.cluster.CustomEndpoints ?? []
  t.not(custom, '')
  t.strictSame(differences, [`its custom endpoints ${custom} are not restored`])
  t.strictSame(await clusters(), [inService, made].sort())
  const told = await toldOf(at, made)
  t.strictSame(told, { ...settings, cluster: { ...settings.cluster, CustomEndpoints: [] } }, 'all is as it was')
  t.strictSame(
    told.instances.map(({ takesWrites, DBInstanceClass }) => [takesWrites, DBInstanceClass]),
    [
      [true, 'db.r6g.large'],
      [false, 'db.r6g.xlarge'],
      [false, 'db.serverless'],
    ],
  )
  t.strictSame(await toldOf(at, inService), settings, 'the former is untouched')
  const own = await hostsOf(made)
  t.equal(own.length, 5, 'for writing and for reading, and each of three instances')
  t.equal(new Set([...own, ...hosts, undefined]).size, own.length + hosts.length + 1, 'all its endpoints are its own')
  t.strictSame(await secretText(urlSecret), { ...before, [urlKey]: await at.urlOf(made) })
  t.equal(await replicasOf(at), 2)
  await servesThePoint(t, at, damaged)
})

t.test('its undo points the release back to the former, as it was left', async (t) => {
  await scalardl('restore', 'new', '--undo', '--yes')
  t.match((await recordOf(stage, 'restore-new')).restore, { serving: 'previous' })
  t.strictSame(await secretText(urlSecret), before)
  t.strictSame(await secretText(formerSecretName(urlSecret)), {}, 'what was kept is used up')
  t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
  t.equal(await replicasOf(at), 2)
  t.strictSame(await clusters(), [inService, made].sort(), 'both clusters stay')
})

t.test('the former goes with all its instances, and leaves a snapshot', async (t) => {
  await client.modifyDBCluster({ DBClusterIdentifier: inService, DeletionProtection: false })
  await until('it may go', async () => (await describeCluster(client, inService))?.DeletionProtection === false)
  await availableCluster(client, inService)
  await scalardl('restore', 'point', '--name', 'again', '--repoint', 'patch', '--yes')
  const { cluster } = await madeBy('restore-again')
  await scalardl('restore', 'again', '--drop-previous', '--yes')
  t.strictSame(await clusters(), [made, cluster].sort())
  const { DBInstances = [] } = await client.describeDBInstances()
  t.strictSame(
    DBInstances.map(({ DBClusterIdentifier }) => DBClusterIdentifier).sort(),
    [made, made, made, cluster, cluster, cluster].sort(),
  )
  const { DBClusterSnapshots = [] } = await client.describeDBClusterSnapshots({})
  t.strictSame(
    DBClusterSnapshots.map((one) => [one.DBClusterIdentifier, one.DBClusterSnapshotIdentifier]),
    [[inService, `final-${cluster}`]],
  )
  t.strictSame(await secretText(urlSecret), { ...before, [urlKey]: await at.urlOf(cluster) })
  await servesThePoint(t, at, damaged)
})

t.test('the worker came by its own projected token, and did nothing outside of the policies', async (t) => {
  const done = await keptToRights(t, at, ['aurora-backup.json', 'aurora-restore.json', 'aurora-drop.json'])
  t.ok(done.includes('rds:RestoreDBClusterToPointInTime'))
  t.ok(done.includes('rds:DeleteDBCluster'))
})
