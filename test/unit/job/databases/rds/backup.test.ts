import t from 'tap'
import { readEndpoint } from '../../../../../job/databases/aws-relational/access.ts'
import { readDetails } from '../../../../../job/databases/rds/details.ts'
import { rds } from '../../../../../job/databases/rds/rds.ts'
import { recogniser } from '../../../../../job/databases/open.ts'
import { failureOf } from '../../failure-of.ts'
import { createInstance } from '../../../stand-ins/aws/instances.ts'
import { backedUp, openWorld, storage } from './instance-world.ts'

const world = await openWorld(t)
const signal = new AbortController().signal

t.test('a backup holds the point, the clock and every setting, and no password', async (t) => {
  const before = Date.now()
  const entry = await backedUp(world)
  const details = readDetails(entry)
  const atMs = Date.parse(entry.snapshotAt ?? '')
  t.equal(atMs % 1000, 0)
  t.ok(atMs > before - 1000 && atMs <= Date.now())
  t.match(details, { source: 'ledger', region: 'eu-west-1', account: '123456789012', resourceId: /^db-/ })
  t.ok(
    details.clock !== undefined && details.clock.highMs - details.clock.lowMs < 1000,
    "the server's clock was measured",
  )
  t.equal(Date.parse(details.restorableUntil ?? '') - atMs, 14 * 86_400_000)
  t.match(details.settings, {
    restored: { DBParameterGroupName: 'ledger-parameters', VpcSecurityGroupIds: ['sg-0a', 'sg-0b'], Iops: 14000 },
    modified: { MonitoringInterval: 30, EnablePerformanceInsights: true },
    roles: [{ FeatureName: 's3Export' }],
  })
  t.notMatch(JSON.stringify(entry), world.settings[0]?.password ?? 'none')
})

t.test('it is told what stands in the way of a backup, and what to do', async (t) => {
  const findingsOf = async (settings = world.settings) => {
    const source = rds.openBackup(settings, world.context('backup-b'))
    const findings = await source.preflight()
    await source.close()
    return findings.filter(({ outcome }) => outcome !== 'ok')
  }
  t.strictSame(await findingsOf(), [])
  const login = { superuser: 'postgres', password: 'wrong' }
  const at = world.settings[0]?.contactPoints ?? ''
  t.match(await findingsOf([storage('jdbc:postgresql://127.0.0.1:1/postgres', login)]), [
    {
      outcome: 'error',
      message: /no DB instance of the worker's account in eu-west-1 has the endpoint 127.0.0.1, port 1/,
    },
  ])
  t.match(await findingsOf([storage(at, login)]), [{ outcome: 'warning', message: /clock|cannot be measured/ }])
  world.aws.set({ denied: [{ action: 'rds:RestoreDBInstanceToPointInTime' }] })
  t.match(await findingsOf(), [
    { outcome: 'warning', message: /rds:RestoreDBInstanceToPointInTime is missing; the backup does not need it/ },
  ])
  world.aws.set({ denied: [{ action: 'rds:DescribeDBInstances' }] })
  t.match(await findingsOf(), [
    { outcome: 'error', message: /rds:DescribeDBInstances/, cure: /docs\/databases\/rds.md/ },
  ])
  world.aws.set({ denied: [] })
  await world.client.modifyDBInstance({ DBInstanceIdentifier: world.name, BackupRetentionPeriod: 0 })
  const off = async () => (await findingsOf()).some(({ message }) => /backups of ledger are turned off/.test(message))
  while (!(await off())) t.pass('the change is under way')
  const source = rds.openBackup(world.settings, world.context('backup-c'))
  await source.prepare()
  await source.snapshot()
  t.match(await failureOf(source.complete('name/db')), { why: 'its backup retention was turned off' })
  await source.close()
})

t.test('an instance that does not serve is not backed up', async (t) => {
  // The endpoint of whatever is made after the first.
  const { Endpoint: { Address, Port } = {} } = await createInstance(world.client, 'going')
  world.aws.set({ phases: { deleteInstance: 'held' } })
  await world.client.deleteDBInstance({ DBInstanceIdentifier: 'going', SkipFinalSnapshot: true })
  const login = { superuser: 'postgres', password: 'wrong' }
  const source = rds.openBackup(
    [storage(`jdbc:postgresql://${Address}:${Port}/postgres`, login)],
    world.context('backup-d'),
  )
  t.match(await source.preflight(), [{ check: 'instance', outcome: 'error', message: 'going is deleting' }])
  await source.close()
  world.aws.set({ phases: { deleteInstance: 0 } })
})

t.test('storages of one instance are one database, whichever of its databases they name', async (t) => {
  const [one] = world.settings
  if (one === undefined) throw new Error('a world without storages')
  const other = { ...one, storage: 'ledger/other', contactPoints: one.contactPoints.replace('/postgres', '/other') }
  const places = await rds.locate([one, other], signal)
  t.strictSame(places, [{ settings: [one, other] }])
})

t.test('a server is of RDS where the user says so, and never by its name alone', async (t) => {
  const at = (contactPoints: string) => storage(contactPoints, { superuser: 'a', password: 'b' })
  const url = 'jdbc:postgresql://ledger.abc.eu-west-1.rds.amazonaws.com/ledger'
  t.equal(recogniser({})(at(url)).name, 'postgresql')
  t.equal(recogniser({ managed: 'rds' })(at(url)).name, 'rds')
  t.equal(recogniser({ managed: 'rds' })(at('jdbc:mysql://db/')).name, 'rds')
  t.match(await failureOf(() => recogniser({ managed: 'rds' })(at('jdbc:oracle:thin:@db'))), {
    what: /cannot be backed up/,
  })
})

t.test("an endpoint's name tells the region, and what is behind it", (t) => {
  const cases = {
    'ledger.abc.eu-west-1.rds.amazonaws.com': { region: 'eu-west-1', of: 'instance' },
    'ledger.abc.us-gov-west-1.rds.amazonaws.com': { region: 'us-gov-west-1', of: 'instance' },
    'ledger.abc.rds.cn-north-1.amazonaws.com.cn': { region: 'cn-north-1', of: 'instance' },
    'ledger.cluster-abc.eu-west-1.rds.amazonaws.com': { region: 'eu-west-1', of: 'cluster' },
    'ledger.cluster-ro-abc.eu-west-1.rds.amazonaws.com': { region: 'eu-west-1', of: 'reader' },
    'ledger.cluster-custom-abc.eu-west-1.rds.amazonaws.com': { region: 'eu-west-1', of: 'custom' },
    'ledger.proxy-abc.eu-west-1.rds.amazonaws.com': { region: 'eu-west-1', of: 'proxy' },
  }
  for (const [name, told] of Object.entries(cases)) t.strictSame(readEndpoint(name), told, name)
  t.equal(readEndpoint('ledger.abc.eu-west-1.rds.amazonaws.com.example.com'), undefined)
  t.end()
})
