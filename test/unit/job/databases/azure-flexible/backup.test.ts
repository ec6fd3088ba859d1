import t from 'tap'
import { azurePostgresql } from '../../../../../job/databases/azure-flexible/azure-postgresql.ts'
import { readDetails } from '../../../../../job/databases/azure-flexible/details.ts'
import { logDelayVariable, windowOf } from '../../../../../job/databases/azure-flexible/servers/window.ts'
import { asServer } from '../../../../../job/databases/azure-flexible/servers/server.ts'
import { recogniser } from '../../../../../job/databases/open.ts'
import { createServer, describeServer, done, serversPath } from '../../../stand-ins/azure/flexible-servers.ts'
import { failureOf } from '../../failure-of.ts'
import { startNameServer } from '../../name-server.ts'
import { backedUp, openWorld, storage } from './server-world.ts'

const world = await openWorld(t)
const signal = new AbortController().signal
const { answers } = await startNameServer(t)

t.test('a backup holds the point, the clock and every setting, and no password', async (t) => {
  const before = Date.now()
  const entry = await backedUp(world)
  const details = readDetails(entry)
  const atMs = Date.parse(entry.snapshotAt ?? '')
  t.equal(atMs % 1000, 0)
  t.ok(atMs > before - 1000 && atMs <= Date.now())
  t.equal(details.id, `${serversPath}/ledger`)
  t.ok(
    details.clock !== undefined && details.clock.highMs - details.clock.lowMs < 1000,
    "the server's clock was measured",
  )
  t.equal(Date.parse(details.restorableUntil ?? '') - atMs, 14 * 86_400_000)
  t.match(details.settings, {
    sku: { name: 'Standard_E4ds_v5' },
    groups: { highAvailability: { mode: 'ZoneRedundant' }, backup: { geoRedundantBackup: 'Enabled' } },
    firewallRules: { cluster: '203.0.113.0-203.0.113.255' },
    configurations: { max_connections: '400', work_mem: '8192' },
    administrators: { '0b1ec700-0000-4000-8000-00000000000a': { principalName: 'ledger-admins' } },
  })
  t.notMatch(JSON.stringify(entry), world.settings[0]?.password ?? 'none')
})

t.test('it is told what stands in the way of a backup, and what to do', async (t) => {
  const findingsOf = async (settings = world.settings) => {
    const source = azurePostgresql.openBackup(settings, world.context('backup-b'))
    return (await source.preflight()).filter(({ outcome }) => outcome !== 'ok')
  }
  t.strictSame(await findingsOf(), [])
  const login = { user: 'postgres', password: 'wrong' }
  t.match(await findingsOf([storage('jdbc:postgresql://127.0.0.9:1/postgres', login)]), [
    { outcome: 'error', message: /server with the host 127.0.0.9 was not found: none in .* has it/ },
  ])
  t.match(await findingsOf([storage(world.settings[0]?.contactPoints ?? '', login)]), [
    { outcome: 'warning', message: /cannot be measured/ },
  ])
  world.azure.set({ phases: { updateServer: 'held' } })
  const patched = done(world, 'PATCH', `${serversPath}/ledger`, { properties: { storage: { autoGrow: 'Enabled' } } })
  while ((await describeServer(world, 'ledger'))?.properties.state !== 'Updating') t.pass('the change begins')
  t.strictSame(await findingsOf(), [], 'one that is changed serves on')
  world.azure.set({ phases: { updateServer: 0 } })
  await patched
})

t.test('a delay of the log that is no number is refused before anything is paused', async (t) => {
  t.teardown(() => (process.env[logDelayVariable] = '0'))
  for (const text of ['', 'soon', '-1', '1.5']) {
    process.env[logDelayVariable] = text
    const findings = await azurePostgresql.openBackup(world.settings, world.context('backup-d')).preflight()
    t.match(findings, [
      { outcome: 'error', message: `${logDelayVariable} is not understood: "${text}" is no number of milliseconds` },
    ])
  }
})

t.test('a server that is deleted while its log is waited for loses the point', async (t) => {
  const source = azurePostgresql.openBackup(world.settings, world.context('backup-c'))
  await source.prepare()
  const { at, durable } = await source.snapshot()
  await done(world, 'DELETE', `${serversPath}/ledger`)
  await createServer(world, 'ledger')
  t.match(await failureOf(source.complete('name/db')), { why: 'the server is gone, or another has its name now' })
  // Another worker, which knows of the server by the journal alone.
  const later = azurePostgresql.openBackup(world.settings, world.context('backup-c'))
  later.resume?.({ at, durable })
  t.match(await failureOf(later.complete('name/db')), { why: 'the server is gone, or another has its name now' })
})

t.test('what can be brought back ends some minutes ago, by the clock of the server', async (t) => {
  const told = await describeServer(world, 'ledger')
  const server = asServer(JSON.parse(JSON.stringify(told)))
  const [now, ahead] = [windowOf(server), windowOf(server, 60_000)]
  t.ok(Number(ahead.latestMs) - Number(now.latestMs) > 59_000)
  delete process.env[logDelayVariable]
  t.ok(Number(windowOf(server).latestMs) <= Date.now() - 900_000)
  process.env[logDelayVariable] = '0'
  server.properties.backup = { earliestRestoreDate: null }
  t.match(windowOf(server), { earliestMs: undefined, latestMs: undefined })
})

t.test('storages of one server are one database, by whichever of its names', async (t) => {
  const host = 'ledger.postgres.database.azure.com'
  answers.set('ledger.writer.postgres.database.azure.com CNAME', { to: host })
  answers.set('db.ledger.svc.cluster.local CNAME', { to: 'ledger.writer.postgres.database.azure.com' })
  const at = (name: string, storageName: string) => ({
    ...storage(`jdbc:postgresql://${name}/ledger`, { user: 'a', password: 'b' }),
    storage: storageName,
  })
  const [one, two] = [at(host, 'ledger/a'), at('db.ledger.svc.cluster.local:6432', 'ledger/b')]
  const other = at('auditor.postgres.database.azure.com', 'auditor/a')
  t.strictSame(await azurePostgresql.locate([one, two, other], signal), [
    { settings: [one, two] },
    { settings: [other] },
  ])
  t.match(
    await failureOf(azurePostgresql.locate([at('a.postgres.database.azure.com,b.example.com', 'ledger/a')], signal)),
    { what: /not known to be on a flexible server of Azure/ },
  )
})

t.test('a server is of Azure where the user says so, and never by its name alone', async (t) => {
  const at = (contactPoints: string) => storage(contactPoints, { user: 'a', password: 'b' })
  const url = 'jdbc:postgresql://ledger.postgres.database.azure.com/ledger'
  t.equal(recogniser({})(at(url)).name, 'postgresql')
  t.equal(recogniser({ managed: 'azure-postgresql' })(at(url)).name, 'azure-postgresql')
  t.match(await failureOf(() => recogniser({ managed: 'azure-postgresql' })(at('jdbc:mysql://db/'))), {
    what: /cannot be backed up/,
  })
})
