import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAzure } from './clients.ts'
import { ask, createMysqlServer, describeServer, done, mysqlServersPath, unusualMysql } from './flexible-servers.ts'

// What the stand-in's own README says of MySQL's flexible servers, asked by plain calls.

const at = await openAzure(t, { serverLogLagMs: 0 })
const { dataEncryption } = unusualMysql.properties
const restoreOf = (more: object = {}) => ({
  location: 'West Europe',
  properties: {
    createMode: 'PointInTimeRestore',
    sourceServerResourceId: `${mysqlServersPath}/ledger`,
    restorePointInTime: new Date().toISOString(),
    dataEncryption,
    ...more,
  },
})
const code = async (method: string, path: string, body: object) => {
  const { body: told } = await ask(at, method, `${mysqlServersPath}/${path}`, body)
  return (told['error'] as { code: string } | undefined)?.code
}
const properties = async (name: string) => (await describeServer(at, name, mysqlServersPath))?.properties

t.test('a restored server has what its source is by then, and forgets what it forgets', async (t) => {
  await createMysqlServer(at, 'ledger')
  const answer = await ask(at, 'PUT', `${mysqlServersPath}/restored`, {
    ...restoreOf({ network: { publicNetworkAccess: 'Disabled' }, highAvailability: { mode: 'SameZone' } }),
  })
  t.equal(answer.status, 202)
  while ((await properties('restored'))?.state !== 'Ready') await sleep(10)
  t.match(await properties('restored'), {
    version: '5.7',
    replicationRole: 'None',
    databasePort: 3306,
    storage: { storageSizeGB: 128, autoGrow: 'Enabled', storageRedundancy: 'LocalRedundancy' },
    backup: { backupRetentionDays: 14, backupIntervalHours: 24, geoRedundantBackup: 'Enabled' },
    network: { publicNetworkAccess: 'Enabled' },
    highAvailability: { mode: 'Disabled', state: 'NotEnabled' },
    maintenancePolicy: { patchStrategy: 'Regular' },
    maintenanceWindow: { customWindow: 'Disabled' },
  })
  const { body: rules } = await ask(at, 'GET', `${mysqlServersPath}/restored/firewallRules`)
  t.match(rules, { value: [{ name: 'cluster' }, { name: 'office' }] })
  const { body: told } = await ask(at, 'GET', `${mysqlServersPath}/restored/configurations`)
  const set = (told['value'] as { name: string; properties: Record<string, string> }[]).filter(
    (one) => one.properties['source'] === 'user-override',
  )
  t.strictSame(
    set.map(({ name }) => name),
    ['wait_timeout', 'innodb_buffer_pool_size'],
    'not its time zone',
  )
  t.match(set[0]?.properties, { value: '600', defaultValue: '28800', isReadOnly: 'False' })
})

t.test('what the service refuses it refuses by name', async (t) => {
  const refused = 'InvalidParameterValue'
  t.equal(
    await code('PUT', 'early', restoreOf({ restorePointInTime: new Date(0).toISOString() })),
    'PointInTimeOutOfRange',
  )
  t.equal(await code('PUT', 'small', restoreOf({ storage: { storageSizeGB: 64 } })), refused)
  t.equal(await code('PUT', 'plain', restoreOf({ dataEncryption: undefined })), refused)
  const patch = (asked: object) => code('PATCH', 'ledger', { properties: asked })
  t.equal(await patch({ highAvailability: { mode: 'ZoneRedundant' } }), refused)
  t.equal(await patch({ storage: { storageRedundancy: 'LocalRedundancy' } }), refused)
  const maintenanceWindow = { customWindow: 'Disabled' }
  t.equal(await patch({ maintenanceWindow, backup: { backupRetentionDays: 9 } }), refused)
  t.equal(await patch({ maintenanceWindow }), undefined)
  while ((await properties('ledger'))?.state !== 'Ready') await sleep(10)
  t.equal(await code('PUT', 'ledger/administrators/somebody', { properties: {} }), refused)
  const readOnly = { properties: { value: 'ON', source: 'user-override' } }
  t.equal(await code('PUT', 'ledger/configurations/archive', readOnly), refused)
})

t.test('a parameter is given its default back', async (t) => {
  const asked = { properties: { value: '28800', source: 'system-default' } }
  await done(at, 'PUT', `${mysqlServersPath}/ledger/configurations/wait_timeout`, asked)
  const { body } = await ask(at, 'GET', `${mysqlServersPath}/ledger/configurations`)
  const [found] = (body['value'] as { name: string }[]).filter(({ name }) => name === 'wait_timeout')
  t.match(found, { properties: { value: '28800', source: 'system-default' } })
})
