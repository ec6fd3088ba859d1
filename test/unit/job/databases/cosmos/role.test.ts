import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { allows } from '../../../../../job/azure/rights.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import {
  askRights,
  backupActions,
  indexAction,
  restoreActions,
} from '../../../../../job/databases/cosmos/rights-needed.ts'
import { clientId, group, soon, subscription, tenant } from '../../../stand-ins/azure/clients.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { backedUp, openWorld } from './account-world.ts'

const policies = resolve(import.meta.dirname, '../../../../../docs/platforms/policies')
const roleOf = (file: string) =>
  JSON.parse(readFileSync(resolve(policies, file), 'utf8')) as { Actions: string[]; NotActions: string[] }
const inSubscription = roleOf('cosmos-subscription-role.json')
const inGroup = roleOf('cosmos-account-role.json')
const all = [...inSubscription.Actions, ...inGroup.Actions]

t.test('the roles of the docs are what the preflight asks for', (t) => {
  t.strictSame(all.toSorted(), [...backupActions, ...restoreActions, indexAction, askRights].sort())
  t.strictSame([...inSubscription.NotActions, ...inGroup.NotActions], [])
  t.end()
})

t.test('a backup, a restore and its undo get by with these roles, and use all of them', async (t) => {
  const world = await openWorld(t)
  // other modes of throughput than a restore leaves, of a database and of a container
  await world.client.sqlResources.migrateSqlContainerToAutoscale(group, world.name, 'scalardb', 'metadata', soon)
  const scope = `/subscriptions/${subscription}`
  const roles = [
    { scope, actions: inSubscription.Actions },
    { scope: `${scope}/resourceGroups/${group}`, actions: inGroup.Actions },
  ]
  world.azure.set({ identities: { [clientId]: { tenant, roles } } })
  world.azure.forgetCalls()
  const entry = await backedUp(world)
  const context = world.context('restore-a', { choice: { repoint: 'print' } })
  const destination = cosmos.openRestore(world.settings, entry, context)
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  await destination.load(journal)
  t.strictSame(destination.describe().details['differences'], [])
  await destination.discard(journal)
  const made = new Set(
    world.azure
      .calls()
      .flatMap(({ plane, action, status }) => (plane === 'management' && status !== 403 ? [action] : [])),
  )
  const denied = world.azure.calls().flatMap(({ action, status }) => (status === 403 ? [action] : []))
  t.strictSame(denied, [], 'nothing outside of the file is called')
  const file = (actions: string[]) => ({ actions, notActions: [] })
  t.strictSame(
    [...made].filter((action) => !allows(file(all), action)),
    [],
    'every call is in the file',
  )
  // A right on what a restore begins from, which no call is named after; and modes of throughput that came back.
  const unseen = all.filter((action) => ![...made].some((one) => allows(file([action]), one)))
  t.strictSame(
    unseen.filter((action) => !/restore\/action$|migrateTo|throughputSettings\/write$/.test(action)),
    [],
    'nothing in the file is without use',
  )
})

t.test('roles are read as Azure reads them', (t) => {
  const one = { actions: ['Microsoft.DocumentDB/*/read'], notActions: ['*/sqlRoleDefinitions/read'] }
  t.equal(allows(one, 'microsoft.documentdb/databaseAccounts/sqlDatabases/READ'), true)
  t.equal(allows(one, 'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/read'), false)
  t.equal(allows(one, 'Microsoft.DocumentDB/databaseAccounts/write'), false)
  t.end()
})
