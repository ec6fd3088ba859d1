import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { RestoreChoice } from '../../../../../operation/restore-options.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import { partsOf } from '../../../../../job/databases/cosmos/account/account.ts'
import { contents, dataClient, group, soon } from '../../../stand-ins/azure/clients.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { backedUp, openWorld } from './account-world.ts'

// What a moment brings back is not always what the backup was made of.

const world = await openWorld(t)
const { azure, client } = world
const sql = client.sqlResources
const data = await dataClient(t, world, world.name)

/** The next whole second of the service's clock, once it is over: nothing happens in it. */
async function quietSecond(): Promise<string> {
  const second = Math.ceil((azure.now() + 1) / 1000) * 1000
  await sleep(second + 1000 - azure.now())
  return new Date(second).toISOString()
}

const item = (id: string) => ({ id, concatenatedPartitionKey: id, value: 'then' })
const addContainer = (name: string) =>
  sql.createUpdateSqlContainer(
    group,
    world.name,
    'scalar',
    name,
    { resource: { id: name, partitionKey: { paths: ['/concatenatedPartitionKey'], kind: 'Hash' } } },
    soon,
  )

await addContainer('dropped')
await data.database('scalar').container('asset').items.create(item('early'))
const early = await quietSecond()
await sql.deleteSqlContainer(group, world.name, 'scalar', 'dropped', soon)
await addContainer('new')
await data.database('scalar').container('asset').items.create(item('late'))
azure.connectPrivateEndpoint('ledger', { privateEndpoint: '/subscriptions/x/privateEndpoints/p', status: 'Approved' })
let entry: DatabaseBackup
t.before(async () => void (entry = await backedUp(world)))

const open = (operation: string, choice: RestoreChoice = {}) =>
  cosmos.openRestore(world.settings, entry, world.context(operation, { choice: { repoint: 'print', ...choice } }))
const nameOf = (destination: ReturnType<typeof open>) => partsOf(String(destination.describe().details['account'])).name

t.test('the plan tells what the time brings back, what it costs and what stays', async (t) => {
  azure.forgetCalls()
  const { steps } = await open('restore-planned').plan()
  t.match(steps[0], /3 databases with 5 containers as of .* to the new account ledger-\d+-\w+ in West Europe/)
  const at = new Date(entry.snapshotAt ?? '').toISOString()
  t.strictSame(
    steps.filter((line) => /^(brings|leave|costs|stays)/.test(line)),
    [
      'brings back coordinator: state',
      'brings back scalar: asset, asset_metadata, new',
      'brings back scalardb: metadata',
      'leave out 1 private endpoints, which are in networks of yours',
      "costs once Azure's price for each GB that is restored (the account's metric DataUsage tells how many)",
      'costs from then on, until one of the accounts is deleted, a second account with its own storage and backups, ' +
        'and 800 RU/s and up to 12000 RU/s by autoscale in each of 2 regions',
      `stays: the account ledger with all that was written since ${at}`,
    ],
  )
  const asked = azure.calls().filter(({ action }) => action.endsWith('/restorableSqlResources/read'))
  t.equal(asked.length, 1, 'by the word of the service')
  const made = azure.calls().filter(({ plane, method }) => plane !== 'identity' && method !== 'GET')
  t.strictSame(made, [], 'nothing is made for a plan')
})

t.test('--at a time before: what was there then and nothing else, the differences told', async (t) => {
  const destination = open('restore-early', { at: early, unproven: true })
  const findings = await destination.preflight()
  noErrors(t, findings)
  t.match(
    findings.filter(({ check }) => check === 'contents'),
    [
      { outcome: 'warning', message: /had none .* of: scalar\/new$/ },
      { outcome: 'warning', message: /nothing of .*: scalar\/dropped$/, cure: /--repair-all/ },
    ],
  )
  t.ok((await destination.plan()).steps.includes('brings back as well, without procedures: scalar/dropped'))
  const journal = await memoryJournal()
  await destination.load(journal)
  const restored = await dataClient(t, world, nameOf(destination))
  t.strictSame(await contents(restored, 'scalar', 'asset'), ['early=then'])
  const { resources } = await restored.database('scalar').containers.readAll().fetchAll()
  t.strictSame(resources.map(({ id }) => id).sort(), ['asset', 'asset_metadata', 'dropped'])
  t.match(destination.describe().details['differences'], [
    /private endpoint/,
    /^scalar\/dropped came back without procedures/,
  ])
  await destination.discard(journal)
})

t.test('a container made between the point and the record is no part of the backup', async (t) => {
  const source = cosmos.openBackup(world.settings, world.context('backup-late'))
  await source.prepare()
  await source.snapshot()
  await sleep(1000)
  await addContainer('later')
  const late = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  const destination = cosmos.openRestore(
    world.settings,
    late,
    world.context('restore-late', { choice: { repoint: 'print' } }),
  )
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  await destination.load(journal)
  t.match(destination.describe().details['differences'], [/private endpoint/])
  await destination.discard(journal)
  await sql.deleteSqlContainer(group, world.name, 'scalar', 'later', soon)
})

t.test('what the service tells and nobody can set is told as a difference, and not tried', async (t) => {
  const settings = entry.details['settings'] as { properties: Record<string, unknown> }
  const newer = { ...settings, properties: { ...settings.properties, toldByTheServiceAlone: 'once' } }
  const destination = cosmos.openRestore(
    world.settings,
    { ...entry, details: { ...entry.details, settings: newer } } as DatabaseBackup,
    world.context('restore-newer', { choice: { repoint: 'print' } }),
  )
  azure.forgetCalls()
  const journal = await memoryJournal()
  await destination.load(journal)
  t.match(destination.describe().details['differences'], [/toldByTheServiceAlone/, /private endpoint/])
  const patches = azure.calls().filter(({ method }) => method === 'PATCH')
  t.not(patches.length, 0)
  t.notMatch(JSON.stringify(patches.map(({ body }) => body)), /toldByTheServiceAlone/)
  await destination.discard(journal)
})

t.test('what the backup was made of and is not there fails the restore, and only that', async (t) => {
  const lost = { name: 'lost', settings: {}, storedProcedures: [], triggers: [], userDefinedFunctions: [] }
  const databases = (entry.details['databases'] as { name: string; containers: object[] }[]).map((database) => ({
    ...database,
    containers: [...database.containers, ...(database.name === 'scalar' ? [lost] : [])],
  }))
  const more = {
    ...entry,
    tables: [...entry.tables, { schema: 'scalar', name: 'lost' }],
    details: { ...entry.details, databases },
  }
  const destination = cosmos.openRestore(
    world.settings,
    more as DatabaseBackup,
    world.context('restore-lost', { choice: { repoint: 'print' } }),
  )
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), {
    what: /is not what was backed up/,
    why: /scalar\/lost was "there"/,
  })
  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger'])
})

t.test('a region that has a backup of its own is restored from that, any other from a copy', async (t) => {
  const bodyOf = async (operation: string, region: string) => {
    const destination = open(operation, { region })
    noErrors(t, await destination.preflight())
    const journal = await memoryJournal()
    await destination.load(journal)
    await destination.discard(journal)
    const made = azure.calls().find(({ method, path }) => method === 'PUT' && path.endsWith(`/${nameOf(destination)}`))
    return made?.body
  }
  const near = (await bodyOf('restore-near', 'North Europe')) as { properties: { restoreParameters: object } }
  t.notOk('sourceBackupLocation' in near.properties.restoreParameters)
  t.match(await bodyOf('restore-far', 'japaneast'), {
    properties: { restoreParameters: { sourceBackupLocation: 'West Europe' } },
  })
  const destination = open('restore-nowhere', { region: 'Atlantis' })
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), { why: /location 'Atlantis' is not available/ })
  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger'])
})
