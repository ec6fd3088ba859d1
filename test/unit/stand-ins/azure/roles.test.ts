import t from 'tap'
import { createAccount, createContainer, dataClient, failure, group, openAzure, soon, subscription } from './clients.ts'

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
