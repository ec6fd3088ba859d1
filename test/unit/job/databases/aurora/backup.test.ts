import t from 'tap'
import { aurora } from '../../../../../job/databases/aurora/aurora.ts'
import { clusters } from '../../../../../job/databases/aurora/clusters.ts'
import { readDetails } from '../../../../../job/databases/aurora/details.ts'
import { leadOf } from '../../../../../job/databases/aws-relational/lead.ts'
import { recogniser } from '../../../../../job/databases/open.ts'
import { furtherHost } from '../../../../stand-ins/postgresql/server-address.ts'
import { availableCluster, describeCluster } from '../../../stand-ins/aws/clusters.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { failureOf } from '../../failure-of.ts'
import { startNameServer } from '../../name-server.ts'
import { storage } from '../rds/instance-world.ts'
import { backedUp, openWorld } from './cluster-world.ts'

const world = await openWorld(t)
const { answers } = await startNameServer(t)
const signal = new AbortController().signal
const at = (host: string) => storage(`jdbc:postgresql://${host}/ledger`, { superuser: 'postgres', password: 'wrong' })

t.test('a backup holds the point, the clock, and every setting of the cluster and its instances', async (t) => {
  const before = Date.now()
  const entry = await backedUp(world)
  const details = readDetails(entry)
  const atMs = Date.parse(entry.snapshotAt ?? '')
  t.equal(atMs % 1000, 0)
  t.ok(atMs > before - 1000 && atMs <= Date.now())
  t.match(details, { source: 'ledger', region: 'eu-west-1', resourceId: /^cluster-/, network: 'vpc-1' })
  t.ok(details.clock !== undefined && details.clock.highMs - details.clock.lowMs < 1000, 'the clock was measured')
  t.equal(Date.parse(details.restorableUntil ?? '') - atMs, 14 * 86_400_000)
  t.match(entry, { kind: 'aurora', title: /^aurora:\/\//, details: { cluster: 'ledger' } })
  t.match(details.settings.restored, {
    DBClusterParameterGroupName: 'ledger-cluster-parameters',
    ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 16, SecondsUntilAutoPause: 600 },
  })
  t.strictSame(
    details.settings.members.map(({ name, created }) => [name, created.DBInstanceClass, created.PromotionTier]),
    [
      ['ledger-1', 'db.r6g.large', 1],
      ['ledger-3', 'db.r6g.xlarge', 0],
      ['ledger-2', 'db.serverless', 15],
    ],
    'the writer first, then by tier',
  )
  t.notMatch(JSON.stringify(entry), world.settings[0]?.password ?? 'none')
})

t.test('an endpoint that does not lead to the writer is refused, with the one that does', async (t) => {
  const host = (await describeCluster(world.client, 'ledger'))?.Endpoint ?? ''
  const port = new URL((world.settings[0]?.contactPoints ?? '').slice('jdbc:'.length)).port
  const refused = (name: string) => failureOf(aurora.locate([at(`${name}:${port}`)], signal))
  t.match(await refused(furtherHost({ host }, 'reader')), {
    why: /it is the reader endpoint of cluster ledger/,
    next: new RegExp(`own endpoint, ${host}`),
  })
  const asked = { DBClusterIdentifier: 'ledger', DBClusterEndpointIdentifier: 'reports', EndpointType: 'READER' }
  const { Endpoint: custom = '' } = await world.client.createDBClusterEndpoint(asked)
  t.match(await refused(custom), { why: /it is a custom endpoint of cluster ledger/ })
  const { DBInstances: [reader] = [] } = await world.client.describeDBInstances({ DBInstanceIdentifier: 'ledger-2' })
  t.match(await refused(reader?.Endpoint?.Address ?? ''), {
    why: /the endpoint of instance ledger-2 of cluster ledger/,
  })
})

t.test('what a name tells of its endpoint is refused without asking, and behind an alias too', async (t) => {
  const lead = (name: string) => leadOf(clusters, at(name), signal, {})
  const words = {
    'ledger.cluster-ro-abc': /the reader endpoint of a cluster, which takes no writes/,
    'some.cluster-custom-abc': /a custom endpoint/,
    'ledger-1.abc': /of one instance/,
    'ledger.proxy-abc': /of a proxy/,
  }
  for (const [name, why] of Object.entries(words))
    t.match(await failureOf(lead(`${name}.eu-west-1.rds.amazonaws.com`)), { why }, name)
  answers.set('db.example.com CNAME', { to: 'ledger.cluster-abc.eu-central-1.rds.amazonaws.com' })
  t.match(await lead('db.example.com'), { region: 'eu-central-1', port: 5432 })
  answers.set('ro.example.com CNAME', { to: 'ledger.cluster-ro-abc.eu-central-1.rds.amazonaws.com' })
  t.match(await failureOf(lead('ro.example.com')), { why: /reader endpoint/, next: /NAME\.cluster-/ })
})

t.test('a cluster is of Aurora where the user says so', async (t) => {
  const url = at('ledger.cluster-abc.eu-west-1.rds.amazonaws.com')
  t.equal(recogniser({})(url).name, 'postgresql')
  t.equal(recogniser({ managed: 'aurora' })(url).name, 'aurora')
})

t.test('clusters that a restore would not make again are refused by what they are', async (t) => {
  const refusals: [object, RegExp][] = [
    [{ Engine: 'postgres' }, /a Multi-AZ DB cluster of postgres, and none of Aurora/],
    [{ Engine: 'neptune' }, /of the engine neptune/],
    [{ EngineMode: 'serverless' }, /Aurora Serverless v1/],
    [{ EngineMode: 'global' }, /of the engine mode global/],
    [{ GlobalClusterIdentifier: 'world' }, /of the global database world/],
    [{ ClusterScalabilityType: 'limitless' }, /Limitless/],
    [{ ReplicationSourceIdentifier: 'arn:other' }, /a replica of arn:other/],
  ]
  const one = await clusters.look(world.client as never, 'ledger')
  if (one === undefined) throw new Error('no cluster')
  for (const [change, message] of refusals)
    t.match(clusters.checkServing('title', 'eu-west-1', { ...one, told: { ...one.told, ...change } }), {
      outcome: 'error',
      message,
    })
  t.match(clusters.checkServing('title', 'eu-west-1', { ...one, members: [] }), {
    message: /has no instance that takes writes/,
  })
  const stopped = one.members.map((member) => ({ ...member, status: 'stopped' }))
  t.match(clusters.checkServing('title', 'eu-west-1', { ...one, members: stopped }), {
    message: /^instance ledger-1 of ledger is stopped$/,
  })
  t.match(clusters.checkServing('title', 'eu-west-1', { ...one, status: 'stopped' }), {
    message: /^ledger is stopped$/,
  })
  t.match(clusters.checkServing('title', 'eu-west-1', one), { outcome: 'ok', message: /aurora-postgresql .* 3 inst/ })
})

t.test('it is told what stands in the way of a backup, and what to do', async (t) => {
  const findingsOf = async (settings = world.settings) => {
    const source = aurora.openBackup(settings, world.context('backup-b'))
    const findings = await source.preflight()
    await source.close()
    return findings.filter(({ outcome }) => outcome !== 'ok')
  }
  t.match(await findingsOf(), [{ outcome: 'warning', message: /^its custom endpoints .* are not restored$/ }])
  t.match(await findingsOf([at('127.0.0.1:1')]), [
    {
      outcome: 'error',
      message: /no DB cluster of the worker's account in eu-west-1 has the endpoint 127.0.0.1, port 1/,
    },
  ])
  world.aws.set({ denied: [{ action: 'rds:RestoreDBClusterToPointInTime' }] })
  t.match(await findingsOf(), [
    { outcome: 'warning', message: /rds:RestoreDBClusterToPointInTime is missing/, cure: /aurora.md/ },
  ])
  world.aws.set({ denied: [{ action: 'rds:DescribeDBClusters' }] })
  t.match(await findingsOf(), [{ outcome: 'error', message: /rds:DescribeDBClusters/ }])
  world.aws.set({ denied: [] })
})

t.test('storages of one cluster are one database', async (t) => {
  const [one] = world.settings
  if (one === undefined) throw new Error('a world without storages')
  const other = { ...one, storage: 'ledger/other', contactPoints: one.contactPoints.replace('/postgres', '/other') }
  t.strictSame(await aurora.locate([one, other], signal), [{ settings: [one, other] }])
})

t.test('a point is lost where the cluster is gone before it is kept', async (t) => {
  const source = aurora.openBackup(world.settings, world.context('backup-lost'))
  await source.prepare()
  await source.snapshot()
  await world.client.modifyDBCluster({ DBClusterIdentifier: 'ledger', DeletionProtection: false })
  await until('it may go', async () => (await describeCluster(world.client, 'ledger'))?.DeletionProtection === false)
  await availableCluster(world.client, 'ledger')
  for (const name of await world.instances()) await world.client.deleteDBInstance({ DBInstanceIdentifier: name })
  await world.client.deleteDBCluster({ DBClusterIdentifier: 'ledger', SkipFinalSnapshot: true })
  await until('it is gone', async () => (await world.clusters()).length === 0)
  t.match(await failureOf(source.complete('name/db')), { why: /turned off/ })
  await source.close()
})
