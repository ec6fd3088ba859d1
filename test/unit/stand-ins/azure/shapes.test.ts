import t from 'tap'
import { group, openAzure, soon, subscription, until } from './clients.ts'
import * as recorded from './recorded-shapes.ts'

// The stand-in answers in the shapes that the real service was recorded with.

const opened = await openAzure(t, { restorableLagMs: 0 })
const { azure, client, credential } = opened
const provider = `/subscriptions/${subscription}/providers/Microsoft.DocumentDB`
const inGroup = `/subscriptions/${subscription}/resourceGroups/${group}`
const account = `${inGroup}/providers/Microsoft.DocumentDB/databaseAccounts/one`

/** An answer as it is on the wire. */
async function call(method: string, address: string, body?: object) {
  const { token } = await credential.getToken('https://management.azure.com/.default')
  const version = `${address.includes('?') ? '&' : '?'}api-version=2026-03-15`
  const response = await fetch(address.startsWith('https:') ? address : `${azure.endpoint}${address}${version}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: JSON.parse(text || '{}') as object,
  }
}

t.test('an account that is made, and that serves', async (t) => {
  azure.set({ phases: { createAccount: 'held' } })
  const making = await call('PUT', account, {
    location: 'westus',
    kind: 'GlobalDocumentDB',
    properties: {
      locations: [{ locationName: 'westus', failoverPriority: 0, isZoneRedundant: false }],
      databaseAccountOfferType: 'Standard',
      createMode: 'Default',
      backupPolicy: { type: 'Continuous' },
    },
  })
  t.equal(making.status, 200)
  t.match(making.headers, recorded.addresses)
  t.match(making.body, recorded.accountBeingMade)
  t.notMatch(making.body, { properties: { documentEndpoint: String } })
  azure.set({ phases: { createAccount: 0 } })
  const state = async () => (await call('GET', making.headers['azure-asyncoperation'] ?? '')).body
  await until('it is made', async () => JSON.stringify(await state()) === '{"status":"Succeeded"}')
  t.match((await call('GET', account)).body, recorded.accountServing)
})

t.test('a container, and the states of the operation that makes it', async (t) => {
  await client.sqlResources.createUpdateSqlDatabase(
    group,
    'one',
    'bank',
    { resource: { id: 'bank' }, options: { throughput: 400 } },
    soon,
  )
  azure.set({ phases: { writeResource: 'held' } })
  const path = `${account}/sqlDatabases/bank/containers/account`
  const resource = { id: 'account', partitionKey: { paths: ['/pk'], kind: 'Hash' } }
  const begun = await call('PUT', path, { properties: { resource, options: {} } })
  t.equal(begun.status, 202)
  t.match(begun.headers, recorded.addresses)
  const seen = [begun.body as { status: string }]
  const look = async () => {
    const { body } = await call('GET', begun.headers['azure-asyncoperation'] ?? '')
    seen.push(body as { status: string })
    return seen.at(-1)?.status
  }
  await look()
  await look()
  azure.set({ phases: { writeResource: 0 } })
  await until('it is made', async () => (await look()) === 'Succeeded')
  t.strictSame([...new Set(seen.map(({ status }) => status))], recorded.states)
  t.match((await call('GET', path)).body, recorded.container)
})

t.test('what can be restored', async (t) => {
  const { instanceId } = await client.databaseAccounts.get(group, 'one')
  const entry = `${provider}/locations/westus/restorableDatabaseAccounts/${instanceId}`
  t.match((await call('GET', entry)).body, recorded.restorableAccount)
  const time = encodeURIComponent(new Date(azure.now() + 1000).toISOString())
  const resources = `${entry}/restorableSqlResources?restoreLocation=westus&restoreTimestampInUtc=${time}`
  t.match((await call('GET', resources)).body, recorded.restorableResources)
  t.match((await call('GET', `${entry}/restorableSqlContainers`)).body, { value: [recorded.restorableContainer] })
  const path = `${account}/sqlDatabases/bank/containers/account/retrieveContinuousBackupInformation`
  const begun = await call('POST', path, { location: 'westus' })
  t.equal(begun.status, 202)
  t.equal(begun.headers['azure-asyncoperation'], undefined)
  const result = async () => await call('GET', begun.headers['location'] ?? '')
  await until('it is known', async () => (await result()).status === 200)
  t.match((await result()).body, recorded.backupInformation)
})
