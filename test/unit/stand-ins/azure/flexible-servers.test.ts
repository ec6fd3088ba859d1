import { Client } from 'pg'
import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresqlServers } from '../../../stand-ins/postgresql/servers-with-a-past.ts'
import { openAzure } from './clients.ts'
import { ask, createServer, describeServer, done, serverLogin, serversPath, unusual } from './flexible-servers.ts'

// What the stand-in's own README says of flexible servers, asked by plain calls.

const servers = await postgresqlServers()
t.teardown(() => servers.stop())
const at = await openAzure(t, { serverLogLagMs: 0 }, { database: servers })

const query = async (host: string, text: string) => {
  const client = new Client({ host, port: servers.port, ...login, database: 'postgres' })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}
const login = { user: serverLogin.username, password: serverLogin.password }
const restoreOf = (point: Date, more: object = {}) => ({
  location: 'West Europe',
  properties: {
    createMode: 'PointInTimeRestore',
    sourceServerResourceId: `${serversPath}/ledger`,
    pointInTimeUTC: point.toISOString(),
    dataEncryption: unusual.properties.dataEncryption,
    ...more,
  },
})
const hostOf = async (name: string) => (await describeServer(at, name))?.properties.fullyQualifiedDomainName ?? ''

t.test('a restore holds the data of its moment, and forgets what it forgets', async (t) => {
  await createServer(at, 'ledger')
  const host = await hostOf('ledger')
  await query(host, 'CREATE TABLE moments AS SELECT 1 AS n')
  await sleep(1_100)
  const point = new Date(Math.floor(Date.now() / 1000) * 1000)
  await sleep(1_100)
  await query(host, 'INSERT INTO moments VALUES (2)')
  const answer = await ask(at, 'PUT', `${serversPath}/restored`, restoreOf(point))
  t.equal(answer.status, 202)
  t.match(answer.headers.get('azure-asyncoperation'), /locations\/westeurope\/azureAsyncOperation\//)
  t.match(answer.body, { operation: 'RestoreSnapshotManagementOperation' })
  t.match((await ask(at, 'PUT', `${serversPath}/restored`, restoreOf(point))).body, {
    error: { code: 'ServerNameAlreadyExists' },
  })
  while ((await describeServer(at, 'restored'))?.properties.state !== 'Ready') await sleep(10)
  t.strictSame(await query(await hostOf('restored'), 'SELECT n FROM moments'), [{ n: 1 }])
  t.strictSame(await query(host, 'SELECT n FROM moments ORDER BY n'), [{ n: 1 }, { n: 2 }])
  t.match(await describeServer(at, 'restored'), {
    sku: unusual.sku,
    properties: {
      version: '15',
      backup: { backupRetentionDays: 14, geoRedundantBackup: 'Disabled' },
      highAvailability: { mode: 'Disabled' },
      maintenanceWindow: { customWindow: 'Disabled' },
      authConfig: { activeDirectoryAuth: 'Disabled' },
    },
  })
  t.strictSame((await describeServer(at, 'restored'))?.tags, {})
  t.strictSame((await ask(at, 'GET', `${serversPath}/restored/firewallRules`)).body, { value: [] })
  await done(at, 'DELETE', `${serversPath}/restored`)
  t.equal(await describeServer(at, 'restored'), undefined)
})

t.test('what the service refuses it refuses by name', async (t) => {
  const code = async (method: string, path: string, body?: object) => {
    const { body: told } = await ask(at, method, `${serversPath}/${path}`, body)
    return (told['error'] as { code: string } | undefined)?.code
  }
  const now = new Date(Date.now() - 1000)
  t.equal(await code('PUT', 'early', restoreOf(new Date(0))), 'PointInTimeOutOfRange')
  t.equal(
    await code('PUT', 'private', restoreOf(now, { network: { delegatedSubnetResourceId: '/s' } })),
    'InvalidParameterValue',
  )
  t.equal(await code('PUT', 'plain', restoreOf(now, { dataEncryption: undefined })), 'InvalidParameterValue')
  t.equal(await code('PUT', 'tagged', { ...unusual, tags: { 'a/b': 'c' } }), 'InvalidTagNameCharacters')
  t.equal(await code('GET', 'nobody'), 'ResourceNotFound')
  t.equal(
    await code('PATCH', 'ledger', { properties: { backup: { geoRedundantBackup: 'Disabled' } } }),
    'InvalidParameterValue',
  )
  at.azure.set({ phases: { updateServer: 'held' } })
  t.equal(await code('PATCH', 'ledger', { tags: { a: 'b' } }), undefined)
  t.equal(await code('PATCH', 'ledger', { tags: { a: 'c' } }), 'ServerIsBusy')
  at.azure.set({ phases: { updateServer: 0 }, serverQuota: 1 })
  while ((await describeServer(at, 'ledger'))?.properties.state !== 'Ready') await sleep(10)
  t.equal(await code('PUT', 'many', restoreOf(now)), 'QuotaExceeded')
})
