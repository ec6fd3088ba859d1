import t from 'tap'
import { failureOf } from '../../failure-of.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import { readDetails } from '../../../../../job/databases/cosmos/details.ts'
import { clientId, createAccount, group, soon, subscription, tenant } from '../../../stand-ins/azure/clients.ts'
import { backedUp, mutate, openWorld, storage } from './account-world.ts'
import { createHash } from 'node:crypto'

const world = await openWorld(t)

t.test('a backup holds the point, every setting and every procedure, and no key', async (t) => {
  const before = world.azure.now()
  const entry = await backedUp(world)
  const details = readDetails(entry)
  const atMs = Date.parse(entry.snapshotAt ?? '')
  t.equal(atMs % 1000, 0)
  t.ok(atMs > before - 1000 && atMs <= world.azure.now())
  t.ok(details.clock !== undefined, 'the clock of the data plane was measured')
  t.equal(details.tier, 'Continuous30Days')
  t.equal(Date.parse(details.restorableUntil ?? '') - atMs, 30 * 86_400_000)
  t.strictSame(
    entry.tables.map(({ schema, name }) => `${schema}.${name}`),
    ['coordinator.state', 'scalar.asset', 'scalar.asset_metadata', 'scalardb.metadata'],
  )
  t.strictSame(details.settings.regions, [
    { name: 'West Europe', zoneRedundant: false },
    { name: 'North Europe', zoneRedundant: false },
  ])
  t.strictSame(details.settings.tags, { team: 'ledger' })
  t.equal(details.settings.identity.type, 'SystemAssigned')
  t.equal(details.settings.roleDefinitions.length, 1)
  t.strictSame(details.settings.roleDefinitions[0]?.scopes, [''])
  t.equal(details.settings.roleAssignments.length, 1)
  const scalar = details.databases.find(({ name }) => name === 'scalar')
  t.strictSame(scalar?.throughput, { autoscaleMax: 4000 })
  const metadata = details.databases.find(({ name }) => name === 'scalardb')?.containers[0]
  t.strictSame(metadata?.throughput, { manual: 800 })
  const hash = createHash('sha256').update(mutate).digest('hex')
  const containers = details.databases.flatMap((database) => database.containers)
  t.strictSame(
    containers.map(({ storedProcedures }) => storedProcedures),
    Array.from({ length: 4 }, () => [{ id: 'mutate.js', body: hash }]),
  )
  t.equal(details.bodies[hash], mutate, 'byte for byte, and once')
  const text = JSON.stringify(entry)
  t.notMatch(text, /the-key-of-the-release/)
  t.strictSame(
    world.azure.calls().filter(({ action }) => /keys/i.test(action)),
    [],
    'nobody asked for keys',
  )
})

t.test('it is told what stands in the way of a backup, and what to do', async (t) => {
  const findingsOf = async (settings = world.settings) => {
    const source = cosmos.openBackup(settings, world.context('backup-b'))
    return (await source.preflight()).filter(({ outcome }) => outcome === 'error')
  }
  t.strictSame(await findingsOf(), [])
  const [absent] = await findingsOf([storage(`${world.azure.endpoint}/accounts/other/`)])
  t.match(absent?.message, /accounts\/other was not found: none in 5ca1ab1e/)
  world.azure.set({
    identities: {
      'c11e0000-0000-4000-8000-000000000003': {
        tenant: '7e4a0000-0000-4000-8000-000000000002',
        roles: [{ actions: ['Microsoft.DocumentDB/databaseAccounts/read'] }],
      },
    },
  })
  const [denied] = await findingsOf()
  t.match(denied?.message, /sqlDatabases\/read/)
  t.match(denied?.cure, /role/)
  world.azure.set({ identities: undefined })
})

t.test(
  'the account is looked for in all subscriptions that the identity sees, also where it may not in some',
  async (t) => {
    const other = '/subscriptions/07be0000-0000-4000-8000-000000000009'
    const found = async (roles: { scope: string; actions: string[] }[]) => {
      world.azure.set({ identities: { [clientId]: { tenant, roles } } })
      const source = cosmos.openBackup(world.settings, world.context('backup-far', { flags: {} }))
      const findings = await source.preflight()
      world.azure.set({ identities: undefined })
      return findings.flatMap(({ outcome, message }) => (outcome === 'error' ? [message] : []))
    }
    const elsewhere = { scope: `${other}/resourceGroups/machines`, actions: ['Microsoft.Compute/*'] }
    const here = { scope: `/subscriptions/${subscription}`, actions: ['*'] }
    t.strictSame(await found([elsewhere, here]), [])
    const [refused] = await found([elsewhere])
    t.match(refused, /was not found: .*may not look in 07be0000/)
    const [blind] = await found([])
    t.match(blind, /the identity sees no subscription/)
  },
)

t.test('an account that Azure backs up periodically is refused, with what turns continuous backup on', async (t) => {
  const name = 'periodic'
  await createAccount(world, name, { backupPolicy: { type: 'Periodic' } })
  const { sqlResources: sql } = world.client
  const partitionKey = { paths: ['/concatenatedPartitionKey'], kind: 'Hash' as const }
  await sql.createUpdateSqlDatabase(
    group,
    name,
    'scalar',
    { resource: { id: 'scalar' }, options: { throughput: 400 } },
    soon,
  )
  await sql.createUpdateSqlContainer(group, name, 'scalar', 'asset', { resource: { id: 'asset', partitionKey } }, soon)
  const settings = [storage(`${world.azure.endpoint}/accounts/${name}/`)]
  const findings = await cosmos.openBackup(settings, world.context('backup-periodic')).preflight()
  const [refused, ...others] = findings.filter(({ outcome }) => outcome === 'error')
  t.equal(refused?.check, 'continuous backup')
  t.match(refused?.message, /^periodic is backed up periodically/)
  t.match(refused?.cure, /^az cosmosdb update --name periodic .* --backup-policy-type Continuous /)
  t.strictSame(others, [])
})

t.test('a name that is no endpoint of Azure is refused before anything is asked', async (t) => {
  const open = async (contactPoints: string) => cosmos.openBackup([storage(contactPoints)], world.context('backup-c'))
  t.match(await failureOf(open('ledger.documents.azure.com')), { why: /not the URL of an account/ })
  t.match(await failureOf(open('http://ledger.documents.azure.com')), { why: /not the URL of an account/ })
})

t.test('throttles, failing servers and lost answers are outlasted', async (t) => {
  world.azure.set({
    faults: (['throttle', 'internal', 'unavailable', 'reset', 'lost-answer'] as const).map((effect) => ({
      action: '*/containers/*',
      effect,
      times: 2,
    })),
  })
  t.equal((await backedUp(world)).kind, 'cosmos')
  world.azure.set({ faults: [] })
})
