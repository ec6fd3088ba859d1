import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { postgresqlServers } from '../../../stand-ins/postgresql/servers-with-a-past.ts'
import { Client } from 'pg'
import { availableInstance, createInstance, describe, masterLogin, openRds, restorable, unusual } from './instances.ts'
import { until } from './clients.ts'

const nameOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: Error) => error.name,
  )

t.test('an instance is told as it was asked for, and a restore forgets what it is not told again', async (t) => {
  const { client } = await openRds(t, { restorableLagMs: 0 })
  const made = await createInstance(client, 'ledger', { ...unusual, StorageEncrypted: true })
  t.match(made, {
    DBInstanceClass: 'db.r6g.large',
    Iops: 14000,
    MultiAZ: true,
    IAMDatabaseAuthenticationEnabled: true,
    PerformanceInsightsEnabled: true,
    DBSubnetGroup: { DBSubnetGroupName: 'ledger-subnets' },
    DBParameterGroups: [{ DBParameterGroupName: 'ledger-parameters' }],
    OptionGroupMemberships: [{ OptionGroupName: 'ledger-options' }],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-0a' }, { VpcSecurityGroupId: 'sg-0b' }],
    EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
    TagList: [{ Key: 'team', Value: 'ledger <&> audit' }, { Key: 'cost' }],
  })
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000)
  await restorable(client, 'ledger', at)
  const asked = { SourceDBInstanceIdentifier: 'ledger', TargetDBInstanceIdentifier: 'copy', RestoreTime: at }
  await client.restoreDBInstanceToPointInTime(asked)
  await availableInstance(client, 'copy')
  const copy = await describe(client, 'copy')
  t.match(copy, {
    DBInstanceClass: 'db.r6g.large',
    StorageEncrypted: true,
    KmsKeyId: made.KmsKeyId,
    MultiAZ: false,
    PubliclyAccessible: true,
    DeletionProtection: false,
    IAMDatabaseAuthenticationEnabled: false,
    PerformanceInsightsEnabled: false,
    MonitoringInterval: 0,
    BackupRetentionPeriod: 1,
    DBSubnetGroup: { DBSubnetGroupName: 'default' },
    DBParameterGroups: [{ DBParameterGroupName: 'default.postgres15' }],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-default' }],
  })
  t.strictSame([copy?.TagList, copy?.EnabledCloudwatchLogsExports], [[], []])
  t.not(copy?.DbiResourceId, made.DbiResourceId)
})

t.test('it goes through its phases, and refuses what they do not allow', async (t) => {
  const { aws, client } = await openRds(t, { restorableLagMs: 0 })
  await createInstance(client, 'ledger')
  aws.set({ phases: { restoreInstance: 'held', modifyBegins: 'held' } })
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000)
  await restorable(client, 'ledger', at)
  const restore = (target: string, time = at) =>
    nameOf(
      client.restoreDBInstanceToPointInTime({
        SourceDBInstanceIdentifier: 'ledger',
        TargetDBInstanceIdentifier: target,
        RestoreTime: time,
      }),
    )
  t.equal(await restore('copy'), 'done')
  t.match(await describe(client, 'copy'), { DBInstanceStatus: 'creating', Endpoint: undefined })
  t.equal(await restore('copy'), 'DBInstanceAlreadyExistsFault')
  t.equal(await restore('copy--2'), 'InvalidParameterValue')
  t.equal(await restore('early', new Date(at.getTime() - 3_600_000)), 'InvalidParameterValue')
  t.equal(
    await nameOf(client.modifyDBInstance({ DBInstanceIdentifier: 'copy', MultiAZ: true })),
    'InvalidDBInstanceStateFault',
  )
  aws.set({ phases: { restoreInstance: 0 } })
  await availableInstance(client, 'copy')
  await client.modifyDBInstance({ DBInstanceIdentifier: 'copy', DeletionProtection: true })
  t.match(await describe(client, 'copy'), { DBInstanceStatus: 'available', DeletionProtection: false }, 'trails')
  aws.set({ phases: { modifyBegins: 0 } })
  await until('it is modified', async () => (await describe(client, 'copy'))?.DeletionProtection === true)
  await availableInstance(client, 'copy')
  const remove = (more: { SkipFinalSnapshot?: boolean; FinalDBSnapshotIdentifier?: string }) =>
    nameOf(client.deleteDBInstance({ DBInstanceIdentifier: 'copy', ...more }))
  t.equal(await remove({ SkipFinalSnapshot: true }), 'InvalidParameterCombination', 'it is protected')
  await client.modifyDBInstance({ DBInstanceIdentifier: 'copy', DeletionProtection: false })
  await until('it is free', async () => (await describe(client, 'copy'))?.DeletionProtection === false)
  await availableInstance(client, 'copy')
  t.equal(await remove({}), 'InvalidParameterCombination', 'a snapshot, or none')
  t.equal(await remove({ FinalDBSnapshotIdentifier: 'last' }), 'done')
  await until('it is gone', async () => (await describe(client, 'copy')) === undefined)
  t.match((await client.describeDBSnapshots({ DBSnapshotIdentifier: 'last' })).DBSnapshots?.length, 1)
})

t.test('faults, denied actions, quotas and groups that are gone are answered as RDS does', async (t) => {
  const { aws, client } = await openRds(t, { restorableLagMs: 0 })
  await createInstance(client, 'ledger')
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000)
  await restorable(client, 'ledger', at)
  const asked = { SourceDBInstanceIdentifier: 'ledger', TargetDBInstanceIdentifier: 'copy', RestoreTime: at }
  const restore = (more: object = {}) => nameOf(client.restoreDBInstanceToPointInTime({ ...asked, ...more }))
  aws.set({ denied: [{ action: 'rds:AddTagsToResource' }] })
  t.equal(await restore({ Tags: [{ Key: 'a', Value: 'b' }] }), 'AccessDenied')
  aws.set({ denied: [], relational: { gone: ['mine'] } })
  t.equal(await restore({ DBParameterGroupName: 'mine' }), 'DBParameterGroupNotFoundFault')
  t.equal(await restore({ DBSubnetGroupName: 'mine' }), 'DBSubnetGroupNotFoundFault')
  aws.set({ relational: { gone: [], instances: 1 } })
  t.equal(await restore(), 'InstanceQuotaExceededFault')
  aws.set({ relational: { instances: 9, failRestoresAs: 'incompatible-network' } })
  aws.set({ faults: [{ operation: 'RestoreDBInstanceToPointInTime', effect: 'throttle', times: 1 }] })
  t.equal(await restore(), 'Throttling')
  t.equal(await restore(), 'done')
  await until('it fails', async () => (await describe(client, 'copy'))?.DBInstanceStatus === 'incompatible-network')
})

t.test('the past of an instance that is gone is kept where that is asked for', async (t) => {
  const { client } = await openRds(t, { restorableLagMs: 0 })
  const { DbiResourceId = '' } = await createInstance(client, 'ledger')
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000)
  await restorable(client, 'ledger', at)
  await sleep(1_100)
  await client.deleteDBInstance({
    DBInstanceIdentifier: 'ledger',
    SkipFinalSnapshot: true,
    DeleteAutomatedBackups: false,
  })
  await until('it is gone', async () => (await describe(client, 'ledger')) === undefined)
  const { DBInstanceAutomatedBackups: [kept] = [] } = await client.describeDBInstanceAutomatedBackups({ DbiResourceId })
  t.match(kept, { Status: 'retained', RestoreWindow: { EarliestTime: Date, LatestTime: Date } })
  await client.restoreDBInstanceToPointInTime({
    SourceDbiResourceId: DbiResourceId,
    TargetDBInstanceIdentifier: 'ledger',
    RestoreTime: at,
  })
  await availableInstance(client, 'ledger')
})

t.test('a restore has the data of its time, and a past of its own', async (t) => {
  const servers = await postgresqlServers()
  t.teardown(() => servers.stop())
  const { client } = await openRds(t, { restorableLagMs: 0 }, servers)
  const { Endpoint } = await createInstance(client, 'ledger')
  const query = async (endpoint: typeof Endpoint, sql: string) => {
    const { MasterUsername: user, MasterUserPassword: password } = masterLogin
    const { Address: host = '', Port: port = 0 } = endpoint ?? {}
    const session = new Client({ host, port, user, password, database: 'postgres' })
    await session.connect()
    const { rows } = await session.query(sql).finally(() => session.end())
    return rows as unknown[]
  }
  /** A whole second between what was written before and what comes after, by the server's clock. */
  const pointBetween = async () => {
    const now = await query(Endpoint, 'SELECT extract(epoch from clock_timestamp())::float8 * 1000 AS ms')
    const [{ ms = 0 } = {}] = now as { ms?: number }[]
    const pointMs = Math.ceil((ms + 1) / 1000) * 1000
    await sleep(pointMs - ms + 20)
    return new Date(pointMs)
  }
  await query(Endpoint, 'CREATE TABLE asset (id int)')
  await query(Endpoint, 'INSERT INTO asset VALUES (1)')
  const at = await pointBetween()
  await query(Endpoint, 'INSERT INTO asset VALUES (2)')
  await query(Endpoint, 'DELETE FROM asset WHERE id = 1')
  await restorable(client, 'ledger', at)
  const restore = { SourceDBInstanceIdentifier: 'ledger', RestoreTime: at }
  await client.restoreDBInstanceToPointInTime({ ...restore, TargetDBInstanceIdentifier: 'copy' })
  await availableInstance(client, 'copy')
  const copy = (await describe(client, 'copy'))?.Endpoint
  t.strictSame(await query(copy, 'SELECT id FROM asset'), [{ id: 1 }])
  t.strictSame(await query(Endpoint, 'SELECT id FROM asset'), [{ id: 2 }], 'the source goes on')
  t.not(copy?.Address, Endpoint?.Address)
  t.equal(copy?.Port, Endpoint?.Port)

  await query(copy, 'INSERT INTO asset VALUES (3)')
  const later = await pointBetween()
  await query(copy, 'DELETE FROM asset')
  await restorable(client, 'copy', later)
  await client.restoreDBInstanceToPointInTime({
    SourceDBInstanceIdentifier: 'copy',
    TargetDBInstanceIdentifier: 'copy-of-copy',
    RestoreTime: later,
  })
  await availableInstance(client, 'copy-of-copy')
  t.strictSame(await query((await describe(client, 'copy-of-copy'))?.Endpoint, 'SELECT id FROM asset ORDER BY id'), [
    { id: 1 },
    { id: 3 },
  ])
})
