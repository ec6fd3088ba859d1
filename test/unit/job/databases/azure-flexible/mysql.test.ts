import t from 'tap'
import { azureMysql } from '../../../../../job/databases/azure-flexible/azure-mysql.ts'
import { readDetails } from '../../../../../job/databases/azure-flexible/details.ts'
import { recogniser } from '../../../../../job/databases/open.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { describeServer, done, mysqlServersPath, unusualMysql } from '../../../stand-ins/azure/flexible-servers.ts'
import { failureOf } from '../../failure-of.ts'
import { startNameServer } from '../../name-server.ts'
import { memoryJournal } from '../database-conformance.ts'
import { backedUp, onMysql, openWorld, storage, toldOf, type World } from './server-world.ts'

// What is MySQL's own among flexible servers.

const world = await openWorld(t, onMysql)
const { answers } = await startNameServer(t)
const server = `${mysqlServersPath}/ledger`
const overridden = (value: string) => ({ properties: { value, source: 'user-override' } })

/** Restores, looks and removes. */
async function restored(of: World, entry: DatabaseBackup, look: (name: string, told: string[]) => Promise<unknown>) {
  const context = of.context('restore-a', { choice: { repoint: 'print' } })
  const destination = azureMysql.openRestore(of.settings, entry, context)
  const journal = await memoryJournal()
  await destination.load(journal)
  const { id, differences } = destination.describe().details
  await look(String(id).split('/').at(-1) ?? '', differences as string[])
  await destination.discard(journal)
}

t.test('a backup holds the point, the clock and every setting, and no password', async (t) => {
  const entry = await backedUp(world)
  const { id, clock, settings } = readDetails(entry)
  t.equal(id, server)
  t.equal(entry.kind, 'azure-mysql')
  t.equal(Date.parse(entry.snapshotAt ?? '') % 1000, 0)
  t.ok(clock !== undefined && clock.highMs - clock.lowMs < 1000, "the server's clock was measured")
  t.match(settings, {
    databasePort: 3307,
    groups: {
      storage: { autoIoScaling: 'Disabled', storageRedundancy: 'ZoneRedundancy' },
      maintenancePolicy: { patchStrategy: 'VirtualCanary' },
    },
    firewallRules: { cluster: '203.0.113.0-203.0.113.255' },
    configurations: { wait_timeout: '600', time_zone: '+09:00' },
    administrators: { ActiveDirectory: { login: 'ledger-admins' } },
  })
  t.notMatch(JSON.stringify(entry), world.settings[0]?.password ?? 'none')
})

t.test('a server is of Azure where the user says so, and never by its name alone', async (t) => {
  const at = (contactPoints: string) => storage(contactPoints, { user: 'a', password: 'b' })
  const url = 'jdbc:mysql://ledger.mysql.database.azure.com/ledger'
  t.equal(recogniser({})(at(url)).name, 'mysql')
  for (const one of [url, 'jdbc:mariadb://ledger.mysql.database.azure.com/'])
    t.equal(recogniser({ managed: 'azure-mysql' })(at(one)).name, 'azure-mysql')
  t.match(await failureOf(() => recogniser({ managed: 'azure-mysql' })(at('jdbc:postgresql://db/'))), {
    what: /cannot be backed up/,
  })
  answers.set('db.ledger.svc.cluster.local CNAME', { to: 'ledger.mysql.database.azure.com' })
  const [one, alias] = [at(url), at('jdbc:mysql://db.ledger.svc.cluster.local:3307/ledger')]
  t.strictSame(await azureMysql.locate([one, alias], new AbortController().signal), [{ settings: [one, alias] }])
})

t.test('what the source came to be since the backup does not come over, but for its size', async (t) => {
  const entry = await backedUp(world)
  await done(world, 'PATCH', server, { properties: { storage: { storageSizeGB: 256 } } })
  const before = await toldOf(world, 'ledger', mysqlServersPath)
  await done(world, 'PUT', `${server}/firewallRules/everybody`, {
    properties: { startIpAddress: '0.0.0.0', endIpAddress: '255.255.255.255' },
  })
  await done(world, 'PUT', `${server}/configurations/long_query_time`, overridden('1'))
  await done(world, 'PUT', `${server}/configurations/wait_timeout`, overridden('5'))
  await restored(world, entry, async (made, differences) => {
    t.strictSame(await toldOf(world, made, mysqlServersPath), before)
    t.strictSame(differences, [])
  })
})

t.test('a parameter that cannot be given its default back is told, and no end of a restore', async (t) => {
  const entry = await backedUp(world)
  await done(world, 'PUT', `${server}/configurations/require_secure_transport`, overridden('OFF'))
  const error = { status: 400, code: 'InvalidParameterValue', message: 'Not now.' }
  const action = '*/configurations/write'
  world.azure.set({ faults: [{ action, account: 'ledger-*', effect: 'error', error, times: 1 }] })
  await restored(world, entry, async (_made, differences) => {
    t.strictSame(differences, ['parameter require_secure_transport was not set, and is "OFF"'])
  })
  world.azure.set({ faults: [] })
})

t.test('public access that is off is off again before anybody is let in', async (t) => {
  await done(world, 'PATCH', server, { properties: { network: { publicNetworkAccess: 'Disabled' } } })
  const entry = await backedUp(world)
  // So that a rule has to be made.
  await done(world, 'DELETE', `${server}/firewallRules/office`)
  world.azure.forgetCalls()
  await restored(world, entry, async (made) => {
    const network = (await describeServer(world, made, mysqlServersPath))?.properties['network']
    t.match(network, { publicNetworkAccess: 'Disabled' })
    const changes = world.azure.calls().filter(({ account, method }) => account === made && method !== 'GET')
    t.match(changes[0], { method: 'PUT', body: { properties: { createMode: 'PointInTimeRestore' } } })
    t.match(changes[1]?.body, { properties: { network: { publicNetworkAccess: 'Disabled' } } })
  })
  await done(world, 'PATCH', server, { properties: { network: { publicNetworkAccess: 'Enabled' } } })
})

t.test('a standby in another zone is only made with its server, which is told', async (t) => {
  const highAvailability = { mode: 'ZoneRedundant', standbyAvailabilityZone: '3' }
  // The last to be opened is the one that the worker is led to.
  const zonal = await openWorld(t, onMysql, {}, { properties: { ...unusualMysql.properties, highAvailability } })
  const entry = await backedUp(zonal)
  await restored(zonal, entry, async (_made, differences) => {
    t.match(differences.join('\n'), /highAvailability\.mode was "ZoneRedundant", and is "Disabled"/)
  })
})
