import t from 'tap'
import {
  clientId,
  createAccount,
  createContainer,
  dataClient,
  failure,
  group,
  openAzure,
  soon,
  subscription,
  tenant,
} from './clients.ts'

const opened = await openAzure(t)
const { azure, client, credential } = opened
const { sqlResources } = client
const { id: account = '' } = await createAccount(opened, 'guarded', {
  identity: {
    type: 'SystemAssigned,UserAssigned',
    userAssignedIdentities: { '/subscriptions/x/userAssignedIdentities/mine': {} },
  },
})
const other = await createAccount(opened, 'other')

t.test('the identities of an account have principals of their own', async (t) => {
  const { identity } = await client.databaseAccounts.get(group, 'guarded')
  t.match(identity, {
    type: 'SystemAssigned,UserAssigned',
    principalId: /^[\w-]{36}$/,
    userAssignedIdentities: { '/subscriptions/x/userAssignedIdentities/mine': { principalId: /^[\w-]{36}$/ } },
  })
})

t.test('an assignment of the data plane names a role of its own account', async (t) => {
  const role = 'de000000-0000-4000-8000-000000000001'
  await sqlResources.createUpdateSqlRoleDefinition(
    group,
    'guarded',
    role,
    {
      roleName: 'reader of the ledger',
      assignableScopes: [account],
      permissions: [{ dataActions: ['Microsoft.DocumentDB/databaseAccounts/readMetadata'] }],
    },
    soon,
  )
  const definitions = []
  for await (const { roleName } of sqlResources.listSqlRoleDefinitions(group, 'guarded')) definitions.push(roleName)
  t.strictSame(definitions, [
    'Cosmos DB Built-in Data Reader',
    'Cosmos DB Built-in Data Contributor',
    'reader of the ledger',
  ])
  const assign = (roleDefinitionId: string) =>
    sqlResources.createUpdateSqlRoleAssignment(
      group,
      'guarded',
      'a5500000-0000-4000-8000-000000000001',
      { roleDefinitionId, scope: account, principalId: 'b0b00000-0000-4000-8000-000000000001' },
      soon,
    )
  t.equal(await failure(assign(`${other.id}/sqlRoleDefinitions/${role}`).submitted()), '400 BadRequest')
  t.equal((await assign(`${account}/sqlRoleDefinitions/${role}`)).roleDefinitionId?.endsWith(role), true)
  await sqlResources.deleteSqlRoleAssignment(group, 'guarded', 'a5500000-0000-4000-8000-000000000001', soon)
  for await (const each of sqlResources.listSqlRoleAssignments(group, 'guarded')) t.fail(`${each.id} is left`)
})

t.test('roles of Microsoft.Authorization are assigned on an account', async (t) => {
  const { token } = await credential.getToken('https://management.azure.com/.default')
  const call = (method: string, name: string, body?: object) =>
    fetch(
      `${azure.endpoint}${account}/providers/Microsoft.Authorization/roleAssignments${name}?api-version=2022-04-01`,
      {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
    )
  const properties = {
    roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/reader`,
    principalId: 'b0b00000-0000-4000-8000-000000000001',
  }
  t.equal((await call('PUT', '/one', { properties })).status, 201)
  t.equal((await call('PUT', '/one', { properties })).status, 409)
  t.match(await (await call('GET', '')).json(), {
    value: [{ name: 'one', properties: { ...properties, scope: account } }],
  })
  t.equal(azure.calls().at(-1)?.action, 'Microsoft.Authorization/roleAssignments/read')
  t.equal((await call('DELETE', '/one')).status, 200)
  t.equal((await call('GET', '/one')).status, 404)
})

t.test('a caller is told what it may do, and which subscriptions it sees', async (t) => {
  const { token } = await credential.getToken('https://management.azure.com/.default')
  const value = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${azure.endpoint}${path}?api-version=2022-04-01`, {
      headers: { authorization: `Bearer ${token}` },
    })
    return answer.ok ? ((await answer.json()) as { value: unknown }).value : answer.status
  }
  const inGroup = `/subscriptions/${subscription}/resourceGroups/${group}`
  const permissions = `${inGroup}/providers/Microsoft.Authorization/permissions`
  t.match(await value(permissions), [{ actions: ['*'], notActions: { length: 0 } }])
  t.match(await value('/subscriptions'), [{ subscriptionId: subscription, state: 'Enabled' }])
  const ask = { actions: ['Microsoft.Authorization/permissions/read'], notActions: [] }
  const write = { actions: ['Microsoft.DocumentDB/*'], notActions: ['*/delete'] }
  const rolesOn = (...roles: { scope: string; actions: string[]; notActions: string[] }[]) =>
    azure.set({ identities: { [clientId]: { tenant, roles } } })
  const here = `/subscriptions/${subscription}`
  rolesOn(
    { scope: here, ...ask },
    { scope: `${here}/resourceGroups/${group.toUpperCase()}`, ...write },
    { scope: `${here}/resourceGroups/${group}-too`, ...write },
    { scope: '/subscriptions/07be0000-0000-4000-8000-000000000009', ...write },
  )
  const data = { dataActions: [], notDataActions: [] }
  t.strictSame(await value(permissions), [
    { ...ask, ...data },
    { ...write, ...data },
  ])
  t.match(await value('/subscriptions'), [
    { subscriptionId: subscription },
    { subscriptionId: '07be0000-0000-4000-8000-000000000009' },
  ])
  rolesOn({ scope: here, ...write })
  t.equal(await value(permissions), 403, 'asking needs a right of its own')
  rolesOn()
  t.strictSame(await value('/subscriptions'), [])
  azure.set({ identities: undefined })
})

t.test('scripts are written by ARM as by the data plane', async (t) => {
  const data = await dataClient(t, opened, 'guarded')
  const container = await createContainer(data, 'bank', 'account')
  const body = 'function mutate() {\r\n\t// as it is\r\n}\n'
  await sqlResources.createUpdateSqlStoredProcedure(
    group,
    'guarded',
    'bank',
    'account',
    'mutate.js',
    { resource: { id: 'mutate.js', body } },
    soon,
  )
  t.equal((await container.scripts.storedProcedure('mutate.js').read()).resource?.body, body)
  await sqlResources.createUpdateSqlTrigger(
    group,
    'guarded',
    'bank',
    'account',
    'before',
    { resource: { id: 'before', body, triggerType: 'Pre', triggerOperation: 'Create' } },
    soon,
  )
  t.match((await container.scripts.trigger('before').read()).resource, { triggerOperation: 'Create', body })
  const wrongName = sqlResources.createUpdateSqlUserDefinedFunction(
    group,
    'guarded',
    'bank',
    'account',
    'one',
    { resource: { id: 'two', body } },
    soon,
  )
  t.equal(await failure(wrongName.submitted()), '400 BadRequest')
})
