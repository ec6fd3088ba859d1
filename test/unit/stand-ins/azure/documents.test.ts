import t from 'tap'
import { CosmosClient } from '@azure/cosmos'
import { createAccount, createContainer, dataClient, failure, group, openAzure, soon } from './clients.ts'

const opened = await openAzure(t)
const { azure, client } = opened
await createAccount(opened, 'data')
const data = await dataClient(t, opened, 'data')

/** A document of ScalarDB's form. */
const row = (partition: string, number: number, value: unknown = number) => ({
  id: `${partition}:${number}`,
  concatenatedPartitionKey: partition,
  partitionKey: { stream: partition },
  clusteringKey: { number },
  values: { value },
})

t.test('documents are made, read, changed and deleted', async (t) => {
  const container = await createContainer(data, 'items', 'one')
  const made = await container.items.create(row('a', 1))
  t.equal(made.statusCode, 201)
  t.match(made.resource, { id: 'a:1', _rid: String, _etag: String, _ts: Number })
  t.equal(await failure(container.items.create(row('a', 1))), '409')
  await container.items.upsert(row('a', 1, 'new'))
  const item = container.item('a:1', 'a')
  t.equal((await item.read()).resource.values.value, 'new')
  t.equal((await container.item('a:1', 'b').read()).statusCode, 404, 'of another partition')
  const etag = made.resource?.['_etag'] ?? ''
  const stale = { accessCondition: { type: 'IfMatch', condition: etag } }
  t.equal(await failure(item.replace(row('a', 1, 'other'), stale)), '412')
  await item.replace(row('a', 1, 'newest'))
  t.equal((await item.read()).resource.values.value, 'newest')
  await item.delete()
  t.equal((await item.read()).statusCode, 404)
})

t.test("ScalarDB's queries are answered, in one partition and across all, by pages", async (t) => {
  const container = await createContainer(data, 'items', 'many')
  for (const partition of ['a', "it's"])
    for (let number = 1; number <= 5; number += 1) await container.items.create(row(partition, number))
  const numbers = async (query: string, partitionKey?: string, maxItemCount = 2) => {
    const options = { maxItemCount, ...(partitionKey !== undefined && { partitionKey }) }
    const { resources } = await container.items.query<ReturnType<typeof row>>(query, options).fetchAll()
    return resources.map(({ clusteringKey }) => clusteringKey.number)
  }
  const where = 'r.concatenatedPartitionKey'
  t.strictSame(await numbers(`select * from Record r where r.id = 'a:3'`, 'a'), [3])
  t.strictSame(
    await numbers(`select * from Record r where (${where} = 'a' and r.clusteringKey["number"] >= 3)`, 'a'),
    [3, 4, 5],
  )
  t.strictSame(
    await numbers(
      `select * from Record r where ${where} = 'it''s' order by r.clusteringKey["number"] desc offset 0 limit 2`,
      "it's",
    ),
    [5, 4],
  )
  t.strictSame((await numbers('select * from Record r where r.values["value"] > 4')).toSorted(), [5, 5])
  t.strictSame(await numbers('select * from Record r where NOT IS_DEFINED(r.values["value"])'), [])
  const value = await container.items.query<number>('SELECT VALUE COUNT(1) FROM c').fetchAll()
  t.strictSame(value.resources, [10])
  const projected = await container.items
    .query({
      query: 'select r.id, {"value":r.values["value"]} as values from Record r where r.id = @id',
      parameters: [{ name: '@id', value: 'a:2' }],
    })
    .fetchAll()
  t.strictSame(projected.resources, [{ id: 'a:2', values: { value: 2 } }])
  t.equal((await container.items.readAll({ maxItemCount: 3 }).fetchAll()).resources.length, 10)
  t.equal(await failure(container.items.query('select from nothing at all').fetchAll()), '400')
})

t.test('a stored procedure runs on one partition, all or nothing, and is kept byte for byte', async (t) => {
  const container = await createContainer(data, 'items', 'procedures')
  const body = `/* Ünïcode, tabs\tand\r\nline ends */
function add(documents, fails) {
  const wait = documents.map((document) => new Promise((resolve, reject) => {
    __.createDocument(__.getSelfLink(), document, (error, made) => (error ? reject(error) : resolve(made.id)))
  }))
  Promise.all(wait)
    .then((ids) => {
      if (fails) throw new Error(412, 'as asked')
      getContext().getResponse().setBody(ids)
    })
    .catch((error) => getContext().abort(error))
}
`
  await container.scripts.storedProcedures.create({ id: 'add', body })
  t.equal((await container.scripts.storedProcedure('add').read()).resource?.body, body)
  const byArm = await client.sqlResources.getSqlStoredProcedure(group, 'data', 'items', 'procedures', 'add')
  t.equal(byArm.resource?.body, body, 'the other plane has the same bytes')
  const add = container.scripts.storedProcedure('add')
  t.strictSame((await add.execute('p', [[row('p', 1), row('p', 2)], false])).resource, ['p:1', 'p:2'])
  const ids = async () => (await container.items.readAll().fetchAll()).resources.map(({ id }) => id)
  const error = await add.execute('p', [[row('p', 3)], true]).then(
    () => undefined,
    (each: { code: number; substatus: number }) => each,
  )
  t.match(error, { code: 400, substatus: 412 })
  t.strictSame(await ids(), ['p:1', 'p:2'], 'nothing of it is written')
  t.equal(await failure(add.execute('p', [[row('q', 1)], false])), '400', 'of another partition')
  t.equal(await failure(add.execute('p', [[row('p', 1)], false])), '400', 'it is there already')
  t.strictSame(await ids(), ['p:1', 'p:2'])
  await client.sqlResources.deleteSqlStoredProcedure(group, 'data', 'items', 'procedures', 'add', soon)
  t.equal(await failure(add.execute('p', [[row('p', 3)], false])), '404')
})

t.test('documents expire by the time to live of their container', async (t) => {
  const container = await createContainer(data, 'items', 'expiring', { defaultTtl: 1_000 })
  await container.items.create(row('a', 1))
  await container.items.create({ ...row('a', 2), ttl: -1 })
  await container.items.create({ ...row('a', 3), ttl: 300 })
  const ids = async () => (await container.items.readAll().fetchAll()).resources.map(({ id }) => id).toSorted()
  t.strictSame(await ids(), ['a:1', 'a:2', 'a:3'])
  // Within what a request's time may differ.
  azure.set({ clockOffsetMs: 600_000 })
  t.strictSame(await ids(), ['a:1', 'a:2'])
  azure.set({ clockOffsetMs: 0 })
})

t.test('only keys of the account open it, from where it lets in', async (t) => {
  const endpoint = `${azure.endpoint}/accounts/data/`
  const keys = await client.databaseAccounts.listKeys(group, 'data')
  const reading = async (key: string | undefined) => {
    const other = new CosmosClient({ endpoint, key: key ?? '' })
    t.teardown(() => other.dispose())
    return other
  }
  const wrong = await reading(Buffer.alloc(64).toString('base64'))
  t.equal(await failure(wrong.databases.readAll().fetchAll()), '401')
  const readOnly = await reading(keys.primaryReadonlyMasterKey)
  t.equal((await readOnly.databases.readAll().fetchAll()).resources.length, 1)
  t.equal(await failure(readOnly.database('items').container('one').items.create(row('a', 9))), '403')
  const second = await reading(keys.secondaryMasterKey)
  await client.databaseAccounts.update(group, 'data', { ipRules: [{ ipAddressOrRange: '10.0.0.0/8' }] }, soon)
  t.equal(await failure(second.databases.readAll().fetchAll()), '403', 'the firewall keeps it out')
  azure.set({ network: { address: '10.200.3.4' } })
  t.equal((await second.databases.readAll().fetchAll()).resources.length, 1)
  await client.databaseAccounts.update(group, 'data', { publicNetworkAccess: 'Disabled' }, soon)
  t.equal(await failure(second.databases.readAll().fetchAll()), '403')
  azure.connectPrivateEndpoint('data', { privateEndpoint: '/subscriptions/x/privateEndpoints/mine', status: 'Pending' })
  azure.set({ network: 'private endpoint' })
  t.equal(await failure(second.databases.readAll().fetchAll()), '403', 'nobody approved it')
  await client.privateEndpointConnections.createOrUpdate(
    group,
    'data',
    'mine',
    { privateLinkServiceConnectionState: { status: 'Approved' } },
    soon,
  )
  t.equal((await second.databases.readAll().fetchAll()).resources.length, 1)
})

t.test('the Date of the data plane is the clock of the data, and may be off', async (t) => {
  const dateOf = async () => Date.parse((await fetch(`${azure.endpoint}/accounts/data/`)).headers.get('date') ?? '')
  azure.set({ clockOffsetMs: 7_200_000 })
  t.ok(Math.abs((await dateOf()) - Date.now() - 7_200_000) < 60_000)
  t.equal(await failure(data.databases.readAll().fetchAll()), '403', 'a signature of two hours ago')
  azure.set({ clockOffsetMs: 0, dataDateOffsetMs: -7_200_000 })
  t.ok(Math.abs((await dateOf()) - Date.now() + 7_200_000) < 60_000)
  t.equal((await data.databases.readAll().fetchAll()).resources.length, 1)
})
