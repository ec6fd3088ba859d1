import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { allows } from '../../../../../job/azure/rights.ts'
import { askRights, backupActions, restoreActions } from '../../../../../job/databases/azure-flexible/rights-needed.ts'
import { clientId, group, subscription, tenant } from '../../../stand-ins/azure/clients.ts'
import { done } from '../../../stand-ins/azure/flexible-servers.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { backedUp, openWorld, type Tried } from './server-world.ts'

const policies = resolve(import.meta.dirname, '../../../../../docs/platforms/policies')
const actionsOf = (file: string) => {
  const role = JSON.parse(readFileSync(resolve(policies, file), 'utf8')) as { Actions: string[]; NotActions: string[] }
  if (role.NotActions.length > 0) throw new Error(`${file} takes something out`)
  return role.Actions
}
/** Whether the roles of the docs are what a service of flexible servers needs, and all of it. */
export function needsItsRoles(t: Test, tried: Tried): void {
  const inSubscription = actionsOf(`${tried.service.name}-subscription-role.json`)
  const inGroup = actionsOf(`${tried.service.name}-server-role.json`)
  const joined = actionsOf(`${tried.service.name}-joined-role.json`)
  const scope = `/subscriptions/${subscription}`
  const roles = [
    { scope, actions: inSubscription },
    { scope: `${scope}/resourceGroups/${group}`, actions: inGroup },
  ]

  t.test('the roles of the docs are what the preflight asks for', (t) => {
    t.strictSame(
      [...inSubscription, ...inGroup].toSorted(),
      [...backupActions(tried.service), ...restoreActions(tried.service), askRights].sort(),
    )
    t.end()
  })

  t.test('a backup, a restore and its undo get by with these roles, and use all of them', async (t) => {
    const world = await openWorld(t, tried)
    const all = [...roles, { scope, actions: joined }]
    world.azure.set({ identities: { [clientId]: { tenant, roles: all } } })
    world.azure.forgetCalls()
    const entry = await backedUp(world)
    const used = () => world.azure.calls().filter(({ plane }) => plane === 'management')
    const needed = new Set(used().map(({ action }) => action))
    t.strictSame([...needed].sort(), [...backupActions(tried.service), askRights].sort())
    // What a restored server has of its source as it is by then has to be made that of the backup.
    await done(world, 'DELETE', `${tried.path}/ledger/firewallRules/office`)
    await done(world, 'PUT', `${tried.path}/ledger/configurations/${tried.staticParameter}`, {
      properties: { value: '123', source: 'user-override' },
    })
    world.azure.forgetCalls()
    const open = (operation: string) =>
      tried.kind.openRestore(world.settings, entry, world.context(operation, { choice: { repoint: 'print' } }))
    const destination = open('restore-a')
    noErrors(t, await destination.preflight())
    const journal = await memoryJournal()
    await destination.load(journal)
    t.strictSame(destination.describe().details['differences'], [])
    await destination.discard(journal)
    t.strictSame(
      used().flatMap(({ action, status }) => (status === 403 ? [action] : [])),
      [],
      'nothing outside of the files is called',
    )
    const file = (actions: string[]) => ({ actions, notActions: [] })
    const unseen = [...inSubscription, ...inGroup].filter(
      (action) => ![...needed, ...used().map((call) => call.action)].some((one) => allows(file([action]), one)),
    )
    // What the service itself makes of a restored server is taken away where there is any.
    t.strictSame(
      unseen.filter((action) => !/(firewallRules|administrators)\/delete$/.test(action)),
      [],
    )

    // Without the rights on what it is joined to nothing is made.
    world.azure.set({ identities: { [clientId]: { tenant, roles } } })
    t.match(await failureOf(open('restore-b').load(await memoryJournal())), {
      why: /may not.*userAssignedIdentities\/assign\/action/,
      next: new RegExp(tried.service.rolesPage),
    })
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('a server in a network of its own comes back into it, by the right to join it', async (t) => {
    const network = {
      delegatedSubnetResourceId: `${scope}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s`,
      [tried.zone]: `${scope}/resourceGroups/net/providers/Microsoft.Network/privateDnsZones/z`,
      publicNetworkAccess: 'Disabled',
    }
    const world = await openWorld(t, tried)
    await done(world, 'PATCH', `${tried.path}/ledger`, { properties: { network } })
    const entry = await backedUp(world)
    world.azure.set({
      identities: {
        [clientId]: { tenant, roles: [...roles, { scope, actions: joined.filter((one) => !/DnsZones/.test(one)) }] },
      },
    })
    const open = () =>
      tried.kind.openRestore(world.settings, entry, world.context('restore-a', { choice: { repoint: 'print' } }))
    t.match(await failureOf(open().load(await memoryJournal())), { why: /privateDnsZones\/join\/action/ })
    world.azure.set({ identities: { [clientId]: { tenant, roles: [...roles, { scope, actions: joined }] } } })
    world.azure.forgetCalls()
    const destination = open()
    const journal = await memoryJournal()
    await destination.load(journal)
    const [asked] = world.azure.calls().filter(({ method }) => method === 'PUT')
    t.match(asked?.body, { properties: { network } }, 'from its first moment')
    t.notOk(
      world.azure.calls().some(({ path }) => path.includes('/firewallRules')),
      'it has no firewall',
    )
    await destination.discard(journal)
  })

  t.test('a right that is missing is named before anything is done', async (t) => {
    const world = await openWorld(t, tried)
    const entry = await backedUp(world)
    const without = (action: string) => ({
      identities: {
        [clientId]: {
          tenant,
          roles: roles.map((role) => ({ ...role, actions: role.actions.filter((one) => one !== action) })),
        },
      },
    })
    world.azure.set(without(`${tried.service.type}/restart/action`))
    const context = world.context('restore-a', { choice: { repoint: 'print' } })
    t.match(
      (await tried.kind.openRestore(world.settings, entry, context).preflight()).filter(
        ({ outcome }) => outcome === 'error',
      ),
      [{ check: 'rights at Azure', message: /missing: .*restart\/action/, cure: new RegExp(tried.service.rolesPage) }],
    )
    const findings = async () => {
      const source = tried.kind.openBackup(world.settings, world.context('backup-b'))
      return (await source.preflight()).filter(({ outcome }) => outcome !== 'ok')
    }
    t.match(await findings(), [{ outcome: 'warning', message: /restart\/action; the backup does not need them/ }])
    world.azure.set(without(`${tried.service.type}/configurations/read`))
    t.match(await findings(), [
      { outcome: 'error', message: /configurations\/read/, cure: new RegExp(tried.service.rolesPage) },
    ])
  })
}
