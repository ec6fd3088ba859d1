import type { SqlRole } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { AzureError, badRequest, partNotFound } from '../service/errors.ts'
import { rolesAt } from './authorization.ts'
import { accountOf, begin, propertiesOf, type ArmHandler, type ArmRequest } from './request.ts'
import { readyAccount } from './sql-resources.ts'

/** The data plane's own roles, which every account has. */
const builtIn = [
  { guid: '00000000-0000-0000-0000-000000000001', roleName: 'Cosmos DB Built-in Data Reader' },
  { guid: '00000000-0000-0000-0000-000000000002', roleName: 'Cosmos DB Built-in Data Contributor' },
]

type Kind = 'sqlRoleDefinitions' | 'sqlRoleAssignments'

const view = (request: ArmRequest, kind: Kind, guid: string, properties: SqlRole) => ({
  id: `${accountOf(request).id}/${kind}/${guid}`,
  type: `Microsoft.DocumentDB/databaseAccounts/${kind}`,
  name: guid,
  properties,
})

function rolesOf(request: ArmRequest, kind: Kind): Map<string, SqlRole> {
  const account = readyAccount(request)
  if (kind === 'sqlRoleAssignments') return account[kind]
  const given = builtIn.map(({ guid, roleName }): [string, SqlRole] => [
    guid,
    { roleName, type: 'BuiltInRole', assignableScopes: [account.id], permissions: [] },
  ])
  return new Map([...given, ...account[kind]])
}

/** @throws AzureError 400 */
function checked(request: ArmRequest, kind: Kind): SqlRole {
  const account = accountOf(request)
  const asked = propertiesOf(request)
  if (kind === 'sqlRoleDefinitions') return { type: 'CustomRole', ...asked }
  const definition = String(asked['roleDefinitionId'] ?? '')
  // A role of another account is none.
  if (!definition.startsWith(`${account.id}/sqlRoleDefinitions/`))
    throw badRequest(`The role definition ${definition} is not of the account ${account.name}.`)
  if (!rolesOf(request, 'sqlRoleDefinitions').has(definition.split('/').at(-1) ?? ''))
    throw badRequest(`The role definition ${definition} does not exist.`)
  return asked
}

const sqlHandlers = (kind: Kind): Record<string, ArmHandler> => {
  const type = `databaseaccounts/*/${kind.toLowerCase()}`
  const guidOf = ({ names }: ArmRequest) => names[1] ?? ''
  const region = (request: ArmRequest) => regionKey(accountOf(request).writeRegion.name)
  return {
    [`GET ${type}`]: (request) => ({
      status: 200,
      body: { value: [...rolesOf(request, kind)].map(([guid, properties]) => view(request, kind, guid, properties)) },
    }),
    [`GET ${type}/*`]: (request) => {
      const properties = rolesOf(request, kind).get(guidOf(request))
      if (properties === undefined) throw partNotFound(request.path)
      return { status: 200, body: view(request, kind, guidOf(request), properties) }
    },
    [`PUT ${type}/*`]: (request) => {
      const account = readyAccount(request)
      const properties = checked(request, kind)
      return begin(request, {
        phase: 'writeResource',
        region: region(request),
        finish: () => {
          account[kind].set(guidOf(request), properties)
          return view(request, kind, guidOf(request), properties)
        },
      })
    },
    [`DELETE ${type}/*`]: (request) => {
      const account = readyAccount(request)
      return begin(request, {
        phase: 'writeResource',
        region: region(request),
        finish: () => {
          account[kind].delete(guidOf(request))
          return undefined
        },
      })
    },
  }
}

/** The data plane's roles and their assignments, by method and type. */
export const sqlRoleHandlers: Record<string, ArmHandler> = {
  ...sqlHandlers('sqlRoleDefinitions'),
  ...sqlHandlers('sqlRoleAssignments'),
}

/** What the caller may do there: an entry for each of his roles, those of what is above it included. */
function permissionsAt({ service, client }: ArmRequest, scope: string) {
  const roles = rolesAt(service, client, scope) ?? [{ actions: ['*'], notActions: [] }]
  return roles.map(({ actions, notActions }) => ({ actions, notActions, dataActions: [], notDataActions: [] }))
}

/**
 * Roles, assignments and permissions of Microsoft.Authorization, on whatever they are.
 * @param scope id of what they are on
 * @param names of the role or assignment; none for a list
 */
export function authorizationAnswer(request: ArmRequest, scope: string, kind: string, name: string | undefined) {
  const { service, method, body } = request
  if (kind.toLowerCase() === 'permissions') return { status: 200, body: { value: permissionsAt(request, scope) } }
  const all = service.authorization
  const front = `${scope}/providers/Microsoft.Authorization/${kind}`.toLowerCase()
  if (name === undefined) {
    const value = [...all].filter(([id]) => id.startsWith(`${front}/`)).map(([, each]) => each)
    return { status: 200, body: { value } }
  }
  const id = `${front}/${name.toLowerCase()}`
  const known = all.get(id)
  if (method === 'DELETE') {
    all.delete(id)
    return known === undefined ? { status: 204 } : { status: 200, body: known }
  }
  if (method === 'PUT') {
    if (known !== undefined && kind.toLowerCase() === 'roleassignments')
      throw new AzureError(409, 'RoleAssignmentExists', 'The role assignment already exists.', { from: 'gateway' })
    const made = {
      id: `${scope}/providers/Microsoft.Authorization/${kind}/${name}`,
      name,
      type: `Microsoft.Authorization/${kind}`,
      properties: { ...(body['properties'] as object), scope },
    }
    all.set(id, made)
    return { status: 201, body: made }
  }
  if (known === undefined)
    throw new AzureError(404, 'RoleAssignmentNotFound', `The '${kind}' ${name} is not found.`, { from: 'gateway' })
  return { status: 200, body: known }
}
