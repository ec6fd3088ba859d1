import t from 'tap'
import type { RestoreChoice } from '../../../../../operation/restore-options.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { partsOf } from '../../../../../job/databases/cosmos/account/account.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import { ensureRestored } from '../../../../../job/databases/cosmos/restore/restore-account.ts'
import { openWork } from '../../../../../job/databases/cosmos/restore/restore-work.ts'
import { sourcePast } from '../../../../../job/databases/cosmos/restore/source.ts'
import { group } from '../../../stand-ins/azure/clients.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { killedAtEachWrite, neverMeet } from '../restored-beside.ts'
import { failureOf } from '../../failure-of.ts'
import { backedUp, openWorld, toldOf, type World } from './account-world.ts'

const world = await openWorld(t)
let entry: DatabaseBackup
t.before(async () => {
  world.azure.set({ pageSize: 1 })
  entry = await backedUp(world)
})
const print: RestoreChoice = { repoint: 'print' }

const open = (of: World, backup: DatabaseBackup, operation: string, choice: RestoreChoice = print) =>
  cosmos.openRestore(of.settings, backup, of.context(operation, { choice }))

/** The account that a restore made, by its own word. */
const madeBy = (destination: ReturnType<typeof open>) => partsOf(String(destination.describe().details['account'])).name
const beside = { open: (operation: string) => open(world, entry, operation), madeBy, present: () => world.accounts() }

t.test('the new account is like the former in everything that a restore forgets', async (t) => {
  const before = await toldOf(world, world.name)
  const destination = open(world, entry, 'restore-a')
  noErrors(t, await destination.preflight())
  t.match((await destination.plan()).steps[0], /3 databases with 4 containers/)
  await destination.load(await memoryJournal())
  const name = madeBy(destination)
  t.match(name, /^ledger-\d{12}-[0-9a-f]{6}$/)
  t.strictSame(await toldOf(world, name), before)
  t.strictSame(destination.describe().details['differences'], [])
  t.strictSame(await toldOf(world, world.name), before, 'the account in service is untouched')
  const [first] = world.azure.calls().filter(({ method, account }) => method === 'PUT' && account === name)
  t.match(first?.body, { properties: { ipRules: [{ ipAddressOrRange: '203.0.113.0/24' }] } }, 'never open to others')
  const lines = (await destination.instructions?.()) ?? []
  t.match(lines.join('\n'), new RegExp(`contact_points=.*/accounts/${name}/`))
  t.match(lines.join('\n'), new RegExp(`az cosmosdb keys list --name ${name} --resource-group ${group}`))
  t.strictSame(
    world.azure.calls().filter(({ action }) => /listKeys/i.test(action)),
    [],
    'nobody asked for keys that write',
  )

  const undo = cosmos.openUndo(world.settings, entry, {
    ...world.context('restore-a', { choice: print }),
    former: destination.describe(),
  })
  await undo.discard(await memoryJournal())
  t.strictSame(await world.accounts(), ['ledger'])
})

t.test('documents expire again only once everything was compared', async (t) => {
  world.azure.forgetCalls()
  const destination = open(world, entry, 'restore-ttl')
  await destination.load(await memoryJournal())
  const name = madeBy(destination)
  const changes = world.azure.calls().filter(({ method, account }) => method !== 'GET' && account === name)
  t.match(changes[0]?.body, { properties: { restoreParameters: { restoreWithTtlDisabled: true } } })
  t.match(changes.at(-1), { method: 'PUT', path: /containers\/asset_metadata$/ })
  t.match(changes.at(-1)?.body, { properties: { resource: { defaultTtl: 3600 } } })
  await destination.discard(await memoryJournal())
  t.strictSame(await world.accounts(), ['ledger', name], 'what this journal knows nothing of stays')
  await cosmos
    .openUndo(world.settings, entry, {
      ...world.context('restore-ttl', { choice: print }),
      former: destination.describe(),
    })
    .discard(await memoryJournal())
  t.strictSame(await world.accounts(), ['ledger'])
})

t.test('two restores of one backup never meet', (t) => neverMeet(t, beside))

t.test('killed at any write of the journal and run again: the same end, and no second account', async (t) => {
  world.azure.forgetCalls()
  const before = await toldOf(world, world.name)
  const writes = 16
  await killedAtEachWrite(t, writes, beside, async (made, when) =>
    t.strictSame(await toldOf(world, made), before, when),
  )
  const made = world.azure.calls().flatMap(({ method, path, account }) => {
    return method === 'PUT' && path.endsWith(`/${account}`) ? [account] : []
  })
  t.equal(new Set(made).size, made.length, 'no account was asked for twice')
  t.strictSame(await world.accounts(), ['ledger'])
})

t.test('lost answers, throttles and failing servers leave one account', async (t) => {
  world.azure.set({
    faults: [
      { action: '*/databaseAccounts/write', effect: 'lost-answer', times: 1 },
      { action: '*', effect: 'throttle', skip: 5, times: 5 },
      { action: '*/storedProcedures/write', effect: 'lost-answer-500', times: 2 },
    ],
  })
  const destination = open(world, entry, 'restore-faults')
  const journal = await memoryJournal()
  await destination.load(journal)
  world.azure.set({ faults: [] })
  t.strictSame(await toldOf(world, madeBy(destination)), await toldOf(world, world.name))
  t.equal((await world.accounts()).length, 2)
  await destination.discard(journal)
})

t.test('a restore that Azure fails is told, and what it left is removed', async (t) => {
  world.azure.set({
    faults: [
      {
        action: '*/databaseAccounts/write',
        effect: 'fail-operation',
        times: 1,
        error: { code: 'ServiceUnavailable', message: 'no capacity in the region' },
      },
    ],
  })
  const destination = open(world, entry, 'restore-failing')
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), { why: /no capacity in the region/, next: /undo/ })
  world.azure.set({ faults: [] })
  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger'])
})

t.test('refused before anything is made, with the cause and the cure', async (t) => {
  const errors = async (choice: RestoreChoice) => {
    const findings = await open(world, entry, 'restore-refused', choice).preflight()
    return findings.flatMap(({ outcome, message, cure }) => (outcome === 'error' ? [`${message}: ${cure}`] : []))
  }
  t.match(await errors({ ...print, at: '2020-01-01T00:00:00Z', unproven: true }), [
    /outside the window of ledger, which is from 20/,
  ])
  t.match(await errors({ ...print, at: '2020-01-01T00:00:00Z' }), [/not the moment of a recorded pause/])
  world.azure.set({
    identities: {
      'c11e0000-0000-4000-8000-000000000003': {
        tenant: '7e4a0000-0000-4000-8000-000000000002',
        roles: [{ actions: ['Microsoft.DocumentDB/*/read'] }],
      },
    },
  })
  const destination = open(world, entry, 'restore-denied')
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), { why: /databaseAccounts\/write/, next: /role/ })
  world.azure.set({ identities: undefined })
  t.strictSame(await world.accounts(), ['ledger'])
})

t.test('an account of that name that is not of this restore is never touched', async (t) => {
  const destination = open(world, entry, 'restore-taken')
  const name = madeBy(destination)
  await world.client.databaseAccounts.createOrUpdate(group, name, {
    location: 'West Europe',
    locations: [{ locationName: 'West Europe', failoverPriority: 0 }],
    databaseAccountOfferType: 'Standard',
  })
  const found = (await destination.preflight()).filter(({ outcome }) => outcome === 'error')
  t.match(found, [{ message: /not of this restore/ }])
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), { why: /not of this restore/ })
  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger', name])
  await world.client.databaseAccounts.delete(group, name)
})

t.test('a name that somebody else in Azure has is told at once, or once nothing of ours appears', async (t) => {
  const destination = open(world, entry, 'restore-elsewhere')
  const name = madeBy(destination)
  await world.client.databaseAccounts.createOrUpdate('of-another-team', name, {
    location: 'West Europe',
    locations: [{ locationName: 'West Europe', failoverPriority: 0 }],
    databaseAccountOfferType: 'Standard',
  })
  noErrors(t, await destination.preflight())
  const taken = { why: /somebody else in Azure has: .*already exists/, next: /another name/ }
  world.azure.forgetCalls()
  const journal = await memoryJournal()
  t.match(await failureOf(destination.load(journal)), taken)
  const asked = () => world.azure.calls().filter(({ account }) => account === name)
  t.strictSame(
    asked().map(({ method }) => method),
    ['GET', 'PUT'],
    'nobody waits for an account that cannot be ours',
  )

  await destination.discard(journal)
  t.strictSame(await world.accounts(), ['ledger', name])
  await world.client.databaseAccounts.delete('of-another-team', name)

  // nobody's account that this identity could see, and a first attempt that may have made it
  const work = openWork(world.settings, entry, world.context('restore-unseen', { choice: print }))
  const past = await sourcePast(work)
  if (past === undefined) throw new Error('the source has a past')
  world.azure.set({
    takenNames: [partsOf(work.target).name],
    faults: [{ action: '*/databaseAccounts/write', effect: 'reset', times: 1 }],
  })
  t.match(await failureOf(ensureRestored(work, past, await memoryJournal(), 1_500)), taken)
  world.azure.set({ takenNames: [], faults: [] })
})

t.test('to another region: the data there, and the differences told', async (t) => {
  const destination = open(world, entry, 'restore-far', { ...print, region: 'West US 2' })
  const findings = await destination.preflight()
  noErrors(t, findings)
  t.match(
    findings.find(({ check }) => check === 'region'),
    { outcome: 'warning', message: /no backup is kept in West US 2; that of West Europe is copied/ },
  )
  const journal = await memoryJournal()
  await destination.load(journal)
  const account = await world.client.databaseAccounts.get(group, madeBy(destination))
  t.strictSame(
    account.locations?.map(({ locationName }) => locationName),
    ['West US 2'],
  )
  await destination.discard(journal)
})

t.test('the former account is deleted by nobody here', async (t) => {
  const destination = open(world, entry, 'restore-drop')
  t.match(await failureOf(destination.checkDrop(await memoryJournal())), {
    why: /do not all use the restored account/,
  })
  await t.rejects(destination.dropPrevious(await memoryJournal()))
  t.strictSame(await world.accounts(), ['ledger'])
})
