import t from 'tap'
import { createAccount, failure, group, openAzure, restorableEntry, restoreOf, soon } from './clients.ts'

const opened = await openAzure(t)
const { azure, client } = opened

t.test('an account is made by a long operation, and answers as the real one does', async (t) => {
  azure.set({ phases: { createAccount: 'held' } })
  const making = client.databaseAccounts.createOrUpdate(
    group,
    'first',
    {
      location: 'westeurope',
      locations: [{ locationName: 'westeurope', failoverPriority: 0 }],
      databaseAccountOfferType: 'Standard',
      backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } },
      tags: { team: 'ledger' },
    },
    soon,
  )
  await making.submitted()
  const half = await client.databaseAccounts.get(group, 'first')
  t.equal(half.provisioningState, 'Creating')
  t.equal(half.documentEndpoint, undefined, 'it has no endpoint yet')
  azure.set({ phases: { createAccount: 0 } })
  const made = await making
  t.equal(made.provisioningState, 'Succeeded')
  t.equal(made.location, 'West Europe')
  t.equal(made.documentEndpoint, `${azure.endpoint}/accounts/first/`)
  t.equal(made.consistencyPolicy?.defaultConsistencyLevel, 'Session')
  t.strictSame(made.tags, { team: 'ledger' })
  t.equal(made.createMode, 'Default')
  const { primaryMasterKey } = await client.databaseAccounts.listKeys(group, 'first')
  t.equal(Buffer.from(primaryMasterKey ?? '', 'base64').length, 64)
  const names = []
  for await (const { name } of client.databaseAccounts.listByResourceGroup(group.toUpperCase())) names.push(name)
  t.strictSame(names, ['first'], 'names of resource groups have no case')
  t.equal(await failure(client.databaseAccounts.get(group, 'second')), '404 ResourceNotFound')
})

t.test('a restore makes an account that says whose it is, and that has forgotten the settings', async (t) => {
  const source = await createAccount(opened, 'source', {
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' },
    ipRules: [{ ipAddressOrRange: '10.1.0.0/16' }],
    tags: { team: 'ledger' },
  })
  t.equal(source.consistencyPolicy?.defaultConsistencyLevel, 'Strong')
  const at = new Date(azure.now())
  const parameters = await restoreOf(opened, 'source', at)
  const making = client.databaseAccounts.createOrUpdate(
    group,
    'restored',
    { ...parameters, publicNetworkAccess: 'Disabled' },
    soon,
  )
  await making.submitted()
  const half = await client.databaseAccounts.get(group, 'restored')
  t.equal(half.provisioningState, 'Creating')
  t.equal(half.publicNetworkAccess, 'Disabled', 'from the first moment')
  const restored = await making
  t.equal(restored.createMode, 'Restore')
  t.equal(restored.restoreParameters?.restoreSource, parameters.restoreParameters?.restoreSource)
  t.strictSame(restored.restoreParameters?.restoreTimestampInUtc, at)
  t.equal(restored.consistencyPolicy?.defaultConsistencyLevel, 'Session')
  t.strictSame(restored.ipRules, [])
  t.strictSame(restored.tags, {})
  t.not(restored.instanceId, source.instanceId)
  t.equal(
    await failure(client.databaseAccounts.createOrUpdate(group, 'restored', parameters, soon).submitted()),
    '400 BadRequest',
    'no second restore by the name',
  )
})

t.test('one name has several entries among what can be restored', async (t) => {
  const former = await createAccount(opened, 'twice')
  await client.databaseAccounts.delete(group, 'twice', soon)
  const present = await createAccount(opened, 'twice')
  const entries = []
  for await (const entry of client.restorableDatabaseAccounts.list())
    if (entry.accountName === 'twice') entries.push(entry)
  t.equal(entries.length, 2)
  const entry = await restorableEntry(opened, present.instanceId)
  t.equal(entry.deletionTime, undefined)
  t.ok((entry.oldestRestorableTime ?? 0) < (entry.creationTime ?? 0), 'the window seems to be older than the account')
  t.type((await restorableEntry(opened, former.instanceId)).deletionTime, Date)
  azure.set({ restorableLocations: 'empty' })
  t.strictSame((await restorableEntry(opened, present.instanceId)).restorableLocations, [])
  azure.set({ restorableLocations: 'listed' })
})

t.test('restores that are not possible are refused', async (t) => {
  await createAccount(opened, 'refuser')
  await createAccount(opened, 'periodic', { backupPolicy: { type: 'Periodic' } })
  const right = await restoreOf(opened, 'refuser', new Date(azure.now()))
  const refusal = (change: object, name = 'refused') =>
    failure(client.databaseAccounts.createOrUpdate(group, name, { ...right, ...change }, soon).submitted())
  const parameters = (change: object) => ({ restoreParameters: { ...right.restoreParameters, ...change } })
  const year = 365 * 86_400_000
  t.equal(await refusal(parameters({ restoreTimestampInUtc: new Date(azure.now() - year) })), '400 BadRequest')
  t.equal(await refusal(parameters({ restoreTimestampInUtc: new Date(azure.now() + year) })), '400 BadRequest')
  t.equal(await refusal(parameters({ restoreSource: '/none' })), '400 BadRequest')
  const elsewhere = [{ locationName: 'Japan East', failoverPriority: 0 }]
  t.equal(await refusal({ locations: elsewhere }), '400 BadRequest', 'no backup in that region')
  t.equal(await refusal({ locations: [{ locationName: 'Atlantis', failoverPriority: 0 }] }), '400 BadRequest')
  azure.set({ takenNames: ['somebodys'] })
  t.equal(await refusal({}, 'somebodys'), '400 BadRequest')
  t.equal((await client.databaseAccounts.checkNameExists('somebodys')).body, true)
  t.equal((await client.databaseAccounts.checkNameExists('refused')).body, false)
  await t.rejects(restoreOf(opened, 'periodic', new Date()), /no restorable account/)
  const other = client.databaseAccounts.createOrUpdate(
    group,
    'crossed',
    { ...right, locations: elsewhere, ...parameters({ sourceBackupLocation: 'West Europe' }) },
    soon,
  )
  t.equal((await other).location, 'Japan East', 'with the region of the backup named, it is possible')
})
