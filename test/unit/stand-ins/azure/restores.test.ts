import { TriggerOperation, TriggerType } from '@azure/cosmos'
import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  contents,
  createAccount,
  createContainer,
  dataClient,
  failure,
  group,
  openAzure,
  restorableEntry,
  restoreOf,
  soon,
  until,
} from './clients.ts'

const opened = await openAzure(t)
const { azure, client } = opened
await createAccount(opened, 'shop', { consistencyPolicy: { defaultConsistencyLevel: 'Strong' } })
const data = await dataClient(t, opened, 'shop')

const document = (id: string, value: string) => ({ id, concatenatedPartitionKey: id, value })

/** The next whole second, and not before it has begun. */
async function nextSecond(): Promise<Date> {
  const second = Math.ceil((azure.now() + 1) / 1000) * 1000
  await sleep(second - azure.now() + 20)
  return new Date(second)
}

/** UTC, whatever the words say. */
const latest = async (database: string, container: string): Promise<number> => {
  const information = await client.sqlResources.retrieveContinuousBackupInformation(
    group,
    'shop',
    database,
    container,
    { location: 'West Europe' },
    soon,
  )
  const written = information.continuousBackupInformation?.latestRestorableTimestamp ?? ''
  t.match(written, /^\d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M$/)
  return Date.parse(`${written} UTC`)
}

t.test('a restore has every document as it was in the second asked for', async (t) => {
  const container = await createContainer(data, 'bank', 'account')
  await container.items.create(document('changed', 'old'))
  await container.items.create(document('deleted', 'old'))
  await container.items.create(document('upserted', 'old'))
  await nextSecond()
  const second = await nextSecond()
  await nextSecond()
  await container.item('changed', 'changed').replace(document('changed', 'new'))
  await container.item('deleted', 'deleted').delete()
  await container.items.upsert(document('upserted', 'new'))
  await container.items.create(document('added', 'new'))
  await createContainer(data, 'bank', 'later')
  await until('it is in the backup', async () => (await latest('bank', 'account')) >= second.getTime())
  await client.databaseAccounts.createOrUpdate(group, 'then', await restoreOf(opened, 'shop', second), soon)
  const then = await dataClient(t, opened, 'then')
  t.strictSame(await contents(then, 'bank', 'account'), ['changed=old', 'deleted=old', 'upserted=old'])
  const { resources } = await then.database('bank').containers.readAll().fetchAll()
  t.strictSame(
    resources.map(({ id }) => id),
    ['account'],
  )
  const source = await client.databaseAccounts.get(group, 'shop')
  const { location = '', name = '' } = await restorableEntry(opened, source.instanceId)
  const found = []
  for await (const { databaseName, collectionNames } of client.restorableSqlResources.list(location, name, {
    restoreTimestampInUtc: second.toISOString(),
    restoreLocation: 'West Europe',
  }))
    found.push({ databaseName, collectionNames })
  t.strictSame(found, [{ databaseName: 'bank', collectionNames: ['account'] }])
})

t.test('what is not in the backup yet is not restored', async (t) => {
  const container = await createContainer(data, 'late', 'account')
  await container.items.create(document('early', 'there'))
  await nextSecond()
  const second = await nextSecond()
  azure.set({ restorableLagMs: 3_600_000 * azure.settings.timeScale })
  t.equal(await latest('late', 'account'), 0, 'nothing of it: 1970')
  await client.databaseAccounts.createOrUpdate(group, 'hasty', await restoreOf(opened, 'shop', second), soon)
  t.strictSame(await contents(await dataClient(t, opened, 'hasty'), 'late', 'account'), [])
  azure.set({ restorableLagMs: 0 })
})

t.test('a restore forgets what is not data, and builds the indexes anew', async (t) => {
  const indexingPolicy = {
    includedPaths: [{ path: '/concatenatedPartitionKey/?' }],
    excludedPaths: [{ path: '/*' }],
  }
  const container = await createContainer(data, 'forgetful', 'table', { indexingPolicy, defaultTtl: 7_200 })
  await container.scripts.storedProcedures.create({ id: 'mutate.js', body: 'function mutate() {}' })
  await container.scripts.triggers.create({
    id: 'before',
    body: 'function before() {}',
    triggerType: TriggerType.Pre,
    triggerOperation: TriggerOperation.All,
  })
  await container.scripts.userDefinedFunctions.create({ id: 'twice', body: 'function twice(x) { return 2 * x }' })
  await client.sqlResources.updateSqlDatabaseThroughput(
    group,
    'shop',
    'forgetful',
    { resource: { throughput: 1_200 } },
    soon,
  )
  const { id: accountId } = await client.databaseAccounts.get(group, 'shop')
  await client.sqlResources.createUpdateSqlRoleAssignment(
    group,
    'shop',
    'a551600d-0000-4000-8000-000000000001',
    {
      roleDefinitionId: `${accountId}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002`,
      scope: accountId ?? '',
      principalId: 'b0b00000-0000-4000-8000-000000000001',
    },
    soon,
  )
  azure.connectPrivateEndpoint('shop', { privateEndpoint: '/subscriptions/x/privateEndpoints/p', status: 'Approved' })
  azure.set({ phases: { buildIndexes: 'held' } })
  const at = await nextSecond()
  await until('it is in the backup', async () => (await latest('forgetful', 'table')) >= at.getTime())
  await client.databaseAccounts.createOrUpdate(group, 'new', await restoreOf(opened, 'shop', at), soon)
  const restored = await dataClient(t, opened, 'new')
  const copy = restored.database('forgetful').container('table')
  const { resource, headers } = await copy.read({ populateQuotaInfo: true })
  t.match(resource, { indexingPolicy, defaultTtl: 7_200, partitionKey: { paths: ['/concatenatedPartitionKey'] } })
  t.equal(headers['x-ms-documentdb-collection-index-transformation-progress'], '42')
  azure.set({ phases: { buildIndexes: 0 } })
  await until('the indexes are built', async () => {
    const { headers: now } = await copy.read({ populateQuotaInfo: true })
    return now['x-ms-documentdb-collection-index-transformation-progress'] === '100'
  })
  for (const scripts of [copy.scripts.storedProcedures, copy.scripts.triggers, copy.scripts.userDefinedFunctions])
    t.strictSame((await scripts.readAll().fetchAll()).resources, [])
  const throughput = await client.sqlResources.getSqlDatabaseThroughput(group, 'new', 'forgetful')
  t.equal(throughput.resource?.throughput, 400)
  const assignments = []
  for await (const each of client.sqlResources.listSqlRoleAssignments(group, 'new')) assignments.push(each)
  for await (const each of client.privateEndpointConnections.listByDatabaseAccount(group, 'new')) assignments.push(each)
  t.strictSame(assignments, [])
  t.equal((await client.databaseAccounts.get(group, 'new')).consistencyPolicy?.defaultConsistencyLevel, 'Session')

  const quiet = await restoreOf(opened, 'shop', at, { restoreWithTtlDisabled: true })
  await client.databaseAccounts.createOrUpdate(group, 'quiet', quiet, soon)
  const kept = await client.sqlResources.getSqlContainer(group, 'quiet', 'forgetful', 'table')
  t.equal(kept.resource?.defaultTtl, undefined)
})

t.test('containers of a database with shared throughput are not restored by themselves', async (t) => {
  const at = await nextSecond()
  const parts = { databasesToRestore: [{ databaseName: 'bank', collectionNames: ['account'] }] }
  const refused = client.databaseAccounts.createOrUpdate(
    group,
    'part',
    await restoreOf(opened, 'shop', at, parts),
    soon,
  )
  t.equal(await failure(refused.submitted()), '400 BadRequest')
  const whole = await restoreOf(opened, 'shop', at, { databasesToRestore: [{ databaseName: 'bank' }] })
  await client.databaseAccounts.createOrUpdate(group, 'part', whole, soon)
  const names = []
  for await (const { name } of client.sqlResources.listSqlDatabases(group, 'part')) names.push(name)
  t.strictSame(names, ['bank'])
})

t.test('a deleted account is restored by the entry that remains of it', async (t) => {
  await createAccount(opened, 'gone')
  const own = await dataClient(t, opened, 'gone')
  const container = await createContainer(own, 'bank', 'account')
  await container.items.create(document('a', 'kept'))
  await nextSecond()
  const parameters = await restoreOf(opened, 'gone', await nextSecond())
  await client.databaseAccounts.delete(group, 'gone', soon)
  await client.databaseAccounts.createOrUpdate(group, 'gone', parameters, soon)
  t.strictSame(await contents(await dataClient(t, opened, 'gone'), 'bank', 'account'), ['a=kept'])
})
