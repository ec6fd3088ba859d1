import t from 'tap'
import { createAccount, failure, group, openAzure, restoreOf, soon, subscription, until } from './clients.ts'

const opened = await openAzure(t)
const { azure, client, credential } = opened
await createAccount(opened, 'steady')

const provider = 'providers/Microsoft.DocumentDB'
const accounts = `/subscriptions/${subscription}/resourceGroups/${group}/${provider}/databaseAccounts`

/** A call without the client, which would hide the answers on the way. */
async function call(method: string, address: string, body?: object): Promise<Response> {
  const { token } = await credential.getToken('https://management.azure.com/.default')
  const url = address.startsWith('https:') ? address : `${azure.endpoint}${address}?api-version=2026-03-15`
  return await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

const stateAt = async (address: string) => ((await (await call('GET', address)).json()) as { status: string }).status

t.test('parts of an account are written by 202 and two addresses, signed at length', async (t) => {
  azure.set({ phases: { writeResource: 'held' } })
  const begun = await call('PUT', `${accounts}/steady/sqlDatabases/bank`, {
    properties: { resource: { id: 'bank' }, options: { throughput: 400 } },
  })
  t.equal(begun.status, 202)
  t.strictSame(await begun.json(), { status: 'Enqueued' })
  t.equal(begun.headers.get('retry-after'), null)
  const state = begun.headers.get('azure-asyncoperation') ?? ''
  const location = begun.headers.get('location') ?? ''
  t.match(state, /\/locations\/westeurope\/operationsStatus\/[\w-]+\?api-version=2026-03-15&t=\d+&c=/)
  t.ok(state.length > 2_000)
  t.equal(await stateAt(state), 'Enqueued')
  t.equal(await stateAt(state), 'Dequeued')
  t.equal((await call('GET', location)).status, 202)
  t.equal((await call('GET', state.replace(/&s=[^&]+/, '&s=other'))).status, 403, 'nobody changes the address')
  t.equal((await call('GET', `${accounts}/steady/sqlDatabases/bank`)).status, 404)
  azure.set({ pollAfterS: 7 })
  t.equal((await call('GET', state)).headers.get('retry-after'), '7')
  azure.set({ phases: { writeResource: 0 }, pollAfterS: undefined })
  await until('it is written', async () => (await stateAt(state)) === 'Succeeded')
  t.match(await (await call('GET', location)).json(), { name: 'bank', properties: { resource: { id: 'bank' } } })
  t.equal((await call('GET', `${accounts}/steady/sqlDatabases/bank`)).status, 200)
})

t.test('the latest restorable time is asked for by 202 and Location alone', async (t) => {
  await client.sqlResources.createUpdateSqlContainer(
    group,
    'steady',
    'bank',
    'account',
    { resource: { id: 'account', partitionKey: { paths: ['/concatenatedPartitionKey'], kind: 'Hash' } } },
    soon,
  )
  azure.set({ phases: { backupInformation: 'held' } })
  const address = `${accounts}/steady/sqlDatabases/bank/containers/account/retrieveContinuousBackupInformation`
  t.equal((await call('POST', address, { location: 'Japan East' })).status, 400, 'the account is not there')
  const begun = await call('POST', address, { location: 'westeurope' })
  t.equal(begun.status, 202)
  t.equal(begun.headers.get('azure-asyncoperation'), null)
  const location = begun.headers.get('location') ?? ''
  t.equal((await call('GET', location)).status, 202)
  azure.set({ phases: { backupInformation: 0 } })
  await until('it is known', async () => (await call('GET', location)).status === 200)
  t.match(await (await call('GET', location)).json(), {
    continuousBackupInformation: { latestRestorableTimestamp: /^\d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M$/ },
  })
})

t.test('an update is seen when it is done, and nothing else is done meanwhile', async (t) => {
  azure.set({ phases: { updateAccount: 'held' } })
  const update = client.databaseAccounts.update(
    group,
    'steady',
    { consistencyPolicy: { defaultConsistencyLevel: 'Strong' }, tags: { a: 'b' } },
    soon,
  )
  await update.submitted()
  const half = await client.databaseAccounts.get(group, 'steady')
  t.equal(half.provisioningState, 'Updating')
  t.equal(half.consistencyPolicy?.defaultConsistencyLevel, 'Session')
  const other = client.databaseAccounts.update(group, 'steady', { tags: {} }, soon)
  t.equal(await failure(other.submitted()), '412 PreconditionFailed')
  azure.set({ phases: { updateAccount: 0 } })
  t.equal((await update).consistencyPolicy?.defaultConsistencyLevel, 'Strong')
  t.strictSame((await client.databaseAccounts.get(group, 'steady')).tags, { a: 'b' })
})

t.test('regions come by an update of their own', async (t) => {
  const locations = [
    { locationName: 'West Europe', failoverPriority: 0 },
    { locationName: 'northeurope', failoverPriority: 1 },
  ]
  const both = client.databaseAccounts.update(group, 'steady', { locations, enableBurstCapacity: true }, soon)
  t.equal(await failure(both.submitted()), '400 BadRequest')
  const after = await client.databaseAccounts.update(group, 'steady', { locations }, soon)
  t.strictSame(
    after.readLocations?.map(({ locationName }) => locationName),
    ['West Europe', 'North Europe'],
  )
  t.equal(after.enableBurstCapacity, false)
})

t.test('throughput is manual or autoscale, and changes from one to the other by a call of its own', async (t) => {
  const { sqlResources } = client
  const autoscale = { resource: { autoscaleSettings: { maxThroughput: 2_000 } } }
  const set = (resource: object) =>
    sqlResources.updateSqlDatabaseThroughput(group, 'steady', 'bank', resource as never, soon)
  t.equal(await failure(set(autoscale).submitted()), '400 BadRequest')
  await sqlResources.migrateSqlDatabaseToAutoscale(group, 'steady', 'bank', soon)
  await set(autoscale)
  const { resource } = await sqlResources.getSqlDatabaseThroughput(group, 'steady', 'bank')
  t.match(resource, { autoscaleSettings: { maxThroughput: 2_000 }, throughput: 200 })
  await sqlResources.migrateSqlDatabaseToManualThroughput(group, 'steady', 'bank', soon)
  t.equal((await sqlResources.getSqlDatabaseThroughput(group, 'steady', 'bank')).resource?.throughput, 400)
  const none = sqlResources.getSqlContainerThroughput(group, 'steady', 'bank', 'account')
  t.equal(await failure(none), '404 NotFound', 'the container shares its database')
})

t.test('a failed restore leaves an account that failed', async (t) => {
  azure.set({
    faults: [
      {
        action: '*/databaseAccounts/write',
        account: 'failing',
        effect: 'fail-operation',
        error: { code: 'ServiceUnavailable', message: 'West Europe has no capacity' },
      },
    ],
  })
  const parameters = await restoreOf(opened, 'steady', new Date(azure.now()))
  await t.rejects(client.databaseAccounts.createOrUpdate(group, 'failing', parameters, soon), /no capacity/)
  t.equal((await client.databaseAccounts.get(group, 'failing')).provisioningState, 'Failed')
  azure.set({ faults: [] })
  await client.databaseAccounts.delete(group, 'failing', soon)
  t.equal(await failure(client.databaseAccounts.get(group, 'failing')), '404 ResourceNotFound')
})

t.test('an answer that is lost leaves the operation, which goes on', async (t) => {
  const parameters = await restoreOf(opened, 'steady', new Date(azure.now()))
  azure.set({ faults: [{ action: '*/databaseAccounts/write', times: 1, effect: 'lost-answer' }] })
  t.not(await failure(client.databaseAccounts.createOrUpdate(group, 'lost', parameters, soon).submitted()), 'none')
  await until('it is there', async () => {
    const { provisioningState } = await client.databaseAccounts.get(group, 'lost')
    return provisioningState === 'Succeeded'
  })
  const { restoreParameters } = await client.databaseAccounts.get(group, 'lost')
  t.equal(restoreParameters?.restoreSource, parameters.restoreParameters?.restoreSource, 'whose it is can be told')
  azure.set({ faults: [] })
})

t.test('throttles and passing failures are survived by a client that tries again', async (t) => {
  const patient = await openAzure(t, {}, { retries: 5 })
  patient.azure.set({
    faults: [
      { action: '*/databaseAccounts/read', times: 1, effect: 'throttle', retryAfterS: 0 },
      { action: '*/databaseAccounts/read', skip: 1, times: 1, effect: 'internal' },
      { action: '*/databaseAccounts/read', skip: 2, times: 1, effect: 'unavailable' },
    ],
  })
  const names = []
  for await (const { name } of patient.client.databaseAccounts.list()) names.push(name)
  t.strictSame(names, [])
  const asked = patient.azure.calls().filter(({ action }) => action.endsWith('/databaseAccounts/read'))
  t.strictSame(
    asked.map(({ status }) => status),
    [429, 500, 503, 200],
  )
})
