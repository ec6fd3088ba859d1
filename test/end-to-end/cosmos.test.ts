import type { V1PodList } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { formerSecretName } from '../../operation/names.ts'
import { matches } from '../stand-ins/cloud/glob.ts'
import { group, soon, subscription } from '../unit/stand-ins/azure/clients.ts'
import { toldOf } from '../unit/job/databases/cosmos/account-world.ts'
import { accountInService, openAzureStage } from './stage/azure-stage.ts'
import { azureClients, workerIdentity } from './stage/clouds/azure-cloud.ts'
import { backupOf, recordOf } from './stage/records.ts'
import { damage, replicasOf } from './stage/restore-stage.ts'
import { stopWriters } from './stage/writers.ts'

// A Ledger on Azure Cosmos DB, with a worker that has no right but those of the roles in the documentation.

const policies = resolve(import.meta.dirname, '../../docs/platforms/policies')
const actionsOf = (file: string) =>
  (JSON.parse(readFileSync(resolve(policies, file), 'utf8')) as { Actions: string[] }).Actions
const scope = `/subscriptions/${subscription}`
const roles = [
  { scope, actions: actionsOf('cosmos-subscription-role.json') },
  { scope: `${scope}/resourceGroups/${group}`, actions: actionsOf('cosmos-account-role.json') },
  { scope: `${scope}/resourceGroups/${group}`, actions: actionsOf('cosmos-keys-role.json') },
]

const at = await openAzureStage('cosmos-restore', { roles })
const { stage, deployment, azure } = at
t.teardown(() => at.close())
t.setTimeout(600_000)

/** @throws Error with what the plugin said where it fails; asserts before the first test would end them all */
const scalardl = (...args: string[]) => stage.succeeds([...args, ...at.flags])

/** What a restore forgets, beside what the account and ScalarDB's schema have already. */
async function furnish(account: string): Promise<void> {
  const { databaseAccounts, sqlResources } = azure.client
  const locations = ['West Europe', 'North Europe'].map((locationName, failoverPriority) => ({
    locationName,
    failoverPriority,
  }))
  const { id = '' } = await databaseAccounts.update(group, account, { locations }, soon)
  await sqlResources.migrateSqlDatabaseToAutoscale(group, account, 'scalar', soon)
  const { resource } = await sqlResources.getSqlContainer(group, account, 'scalar', 'asset_metadata')
  const { id: container = '', partitionKey = {}, indexingPolicy = {} } = resource ?? {}
  await sqlResources.createUpdateSqlContainer(
    group,
    account,
    'scalar',
    'asset_metadata',
    { resource: { id: container, partitionKey, indexingPolicy, defaultTtl: 86_400 } },
    soon,
  )
  await sqlResources.createUpdateSqlTrigger(
    group,
    account,
    'scalar',
    'asset',
    'stamp',
    { resource: { id: 'stamp', body: 'function stamp() {}', triggerType: 'Pre', triggerOperation: 'Create' } },
    soon,
  )
  const role = 'a0000000-0000-4000-8000-00000000000a'
  const permissions = [{ dataActions: ['Microsoft.DocumentDB/databaseAccounts/readMetadata'] }]
  const definition = { roleName: 'reader', type: 'CustomRole' as const, permissions, assignableScopes: [id] }
  await sqlResources.createUpdateSqlRoleDefinition(group, account, role, definition, soon)
  const principalId = 'c0000000-0000-4000-8000-00000000000c'
  const assignment = { roleDefinitionId: `${id}/sqlRoleDefinitions/${role}`, scope: id, principalId }
  await sqlResources.createUpdateSqlRoleAssignment(
    group,
    account,
    'b0000000-0000-4000-8000-00000000000b',
    assignment,
    soon,
  )
  await azure.connectPrivateEndpoint(account, `${scope}/resourceGroups/network/providers/x/privateEndpoints/ledger`)
}

/** How many transfers an account has that were committed before a moment. */
async function committedBefore(point: string): Promise<number> {
  const states = (await azure.data(accountInService)).database('coordinator').container('state')
  const { resources } = await states.items.readAll<{ values: { tx_created_at: number } }>().fetchAll()
  return resources.filter(({ values }) => values.tx_created_at < Date.parse(point)).length
}

/** Points the release to an account as its instructions say: property, key, restart. */
async function pointTo(account: string): Promise<void> {
  const { documentEndpoint = '' } = await azure.client.databaseAccounts.get(group, account)
  const { primaryMasterKey = '' } = await azure.client.databaseAccounts.listKeys(group, account)
  const configMap = `${at.release.deployment}-properties`
  const { data } = await stage.get<{ data: Record<string, string> }>(['configmap', configMap])
  const texts = Object.entries(data).map(([file, text]) => [
    file,
    text.replace(/^(scalar\.db\.contact_points)=.*$/m, `$1=${documentEndpoint}`),
  ])
  const merge = async (what: string, name: string, change: object) =>
    stage.kubectl(['patch', what, name, '--type=merge', '-p', JSON.stringify(change)])
  await merge('configmap', configMap, { data: Object.fromEntries(texts) })
  await merge('secret', at.keySecret.name, { stringData: { [at.keySecret.key]: primaryMasterKey } })
  await stage.kubectl(['rollout', 'restart', deployment])
  await stage.rolledOut(deployment)
}

const accounts = async () => {
  const names: string[] = []
  for await (const { name = '' } of azure.client.databaseAccounts.list()) names.push(name)
  return names.sort()
}

await furnish(accountInService)
const settings = await toldOf(azure, accountInService)
await scalardl('backup', 'my', '--name', 'point')
await damage(at)
await stopWriters(stage, deployment)
const damaged = await stage.check(deployment)
const point = backupOf(await recordOf(stage, 'backup-point')).restorePoint ?? ''
const then = await committedBefore(point)
let restored = ''

t.test('the backup is a second amid the writing, and the data was damaged after it', async (t) => {
  t.match(await recordOf(stage, 'backup-point'), { backup: { state: 'restorable' }, windows: [{ verdict: 'valid' }] })
  t.ok(then > 0 && then < (damaged.details.states ?? 0))
  t.not(damaged.problems.length, 0)
})

t.test('a restore makes a whole account beside that in service, and says what points the release to it', async (t) => {
  const run = await scalardl('restore', 'point', '--name', 'new', '--yes')
  const { restore } = await recordOf(stage, 'restore-new')
  restored = String(restore?.databases[0]?.details['account']).split('/').at(-1) ?? ''
  t.strictSame(await accounts(), [accountInService, restored].sort())
  t.strictSame(await toldOf(azure, restored), settings, 'every setting is as it was')
  t.strictSame(await toldOf(azure, accountInService), settings, 'those of the account in service are untouched')
  t.match(restore, {
    serving: 'previous',
    databases: [{ details: { differences: [/private endpoint .*ledger leads/] } }],
  })
  t.match(run.stderr, /scalar\.db\.contact_points=https:\/\/azure:8443\/accounts\/ledger-/)
  t.match(run.stderr, new RegExp(`az cosmosdb keys list --name ${restored} `))
  t.strictSame(await stage.check(deployment), damaged, 'the release serves on from the former')
})

t.test('the release pointed to it serves the state of the pause', async (t) => {
  await pointTo(restored)
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.equal(verdict.details.states, then, 'exactly what was committed at the point')
  t.equal(await replicasOf(at), 2)
  const undo = await stage.scalardl(['restore', 'new', '--undo', '--yes', ...at.flags])
  t.equal(undo.code, 1)
  t.match(undo.stderr, /a release uses it/)
})

t.test('pointed back, the undo removes the new account alone', async (t) => {
  await pointTo(accountInService)
  await scalardl('restore', 'new', '--undo', '--yes')
  t.strictSame(await accounts(), [accountInService])
  t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
})

const keysAskedFor = async () => {
  const calls = (await azure.calls()).filter(({ client }) => client === azureClients.worker)
  return [...new Set(calls.flatMap(({ action }) => (/keys/i.test(action) ? [action] : [])))]
}

t.test('by hand, the worker asks for no key that writes', async (t) => {
  t.strictSame(await keysAskedFor(), ['Microsoft.DocumentDB/databaseAccounts/readonlyKeys/action'])
})

/** What a Secret holds. */
async function secretText(name: string): Promise<Record<string, string>> {
  const { data = {} } = await stage.get<{ data?: Record<string, string> }>(['secret', name])
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]))
}

t.test('by patch, the worker points the release to a new account, and back, by the one Secret it may', async (t) => {
  const { name, key } = at.keySecret
  const before = await secretText(name)
  const ungranted = await stage.scalardl([
    'restore',
    'point',
    '--name',
    'no',
    '--repoint',
    'patch',
    '--yes',
    ...at.flags,
  ])
  t.equal(ungranted.code, 1)
  t.match(ungranted.stderr, new RegExp(`scalardl install -n \\S+ --repoint-secret ${name}`))
  t.equal((await stage.scalardl(['install', '--repoint-secret', name, ...workerIdentity])).code, 0)
  await scalardl('restore', 'point', '--name', 'patched', '--repoint', 'patch', '--yes')
  const { restore } = await recordOf(stage, 'restore-patched')
  const [database] = restore?.databases ?? []
  const made = String(database?.details['account']).split('/').at(-1) ?? ''
  t.match(restore, { serving: 'restored', databases: [{ details: { former: { keptIn: formerSecretName(name) } } }] })
  const { primaryMasterKey } = await azure.client.databaseAccounts.listKeys(group, made)
  t.strictSame(await secretText(name), { [key]: primaryMasterKey })
  t.equal(Object.keys(await secretText(formerSecretName(name))).length, 1, 'what it said is kept there')
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.equal(verdict.details.states, then, 'the release serves the state of the pause')

  await scalardl('restore', 'patched', '--undo', '--yes')
  t.strictSame(await secretText(name), before)
  t.strictSame(await secretText(formerSecretName(name)), {}, 'what was kept is used up')
  t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
  t.strictSame(await accounts(), [accountInService, made].sort(), 'both accounts stay')
  t.ok((await keysAskedFor()).includes('Microsoft.DocumentDB/databaseAccounts/listKeys/action'))
})

t.test('the worker came by its own projected token, and did nothing outside of the roles', async (t) => {
  const calls = (await azure.calls()).filter(({ client }) => client === azureClients.worker)
  const tokens = calls.filter(({ plane }) => plane === 'identity')
  t.ok(tokens.length > 0)
  t.strictSame([...new Set(tokens.map(({ status }) => status))], [200])
  // Whoever has any role may list the subscriptions that it is in.
  const allowed = [...roles.flatMap(({ actions }) => actions), 'Microsoft.Resources/subscriptions/read']
  const outside = calls.filter(
    ({ plane, action, status }) =>
      plane === 'management' && (status === 403 || !allowed.some((pattern) => matches(pattern, action))),
  )
  t.strictSame(
    outside.map(({ action }) => action),
    [],
  )
  const { items } = await stage.get<V1PodList>(['pods', '-l', 'kubectl-scalardl.dev/role=worker'])
  t.ok(items.length > 0)
  for (const { metadata } of items) t.equal(metadata?.labels?.['azure.workload.identity/use'], 'true')
})
