import * as z from 'zod'
import type { Json, ResourceManager } from '../../../azure/resource-manager.ts'
import type { AccountSettings } from '../details.ts'
import { regionsOf, type Account } from './account.ts'

/** What the service tells of an account that nobody sets. Regions and private endpoints are recorded by themselves. */
const notSettings = new Set([
  'provisioningState',
  'documentEndpoint',
  'sqlEndpoint',
  'instanceId',
  'createMode',
  'restoreParameters',
  'databaseAccountOfferType',
  'EnabledApiTypes',
  'writeLocations',
  'readLocations',
  'locations',
  'failoverPolicies',
  'privateEndpointConnections',
  'keysMetadata',
  'customerManagedKeyStatus',
  'keyVaultKeyUriVersion',
])

const definitionSchema = z.object({
  name: z.string(),
  properties: z.object({
    roleName: z.string(),
    type: z.string().optional(),
    permissions: z.json().default([]),
    assignableScopes: z.array(z.string()).default([]),
  }),
})

const assignmentSchema = z.object({
  name: z.string(),
  properties: z.object({ roleDefinitionId: z.string(), principalId: z.string(), scope: z.string() }),
})

/** All settings of an account, its roles of the data plane included. */
export async function readSettings(arm: ResourceManager, account: Account): Promise<AccountSettings> {
  const { id, properties, tags, identity } = account
  const [definitions, assignments] = await Promise.all([
    arm.list(`${id}/sqlRoleDefinitions`),
    arm.list(`${id}/sqlRoleAssignments`),
  ])
  return {
    properties: Object.fromEntries(
      Object.entries(properties).filter(([name, value]) => !notSettings.has(name) && value !== null),
    ) as Record<string, Json>,
    tags: { ...tags },
    identity: {
      type: identity?.type ?? 'None',
      userAssigned: Object.keys(identity?.userAssignedIdentities ?? {}).sort(),
    },
    regions: regionsOf(account),
    privateEndpoints: (properties.privateEndpointConnections ?? [])
      .flatMap((connection) => connection.properties.privateEndpoint?.id ?? [])
      .sort(),
    roleDefinitions: definitions
      .flatMap((one) => definitionSchema.safeParse(one).data ?? [])
      // every account has the built-in ones
      .filter(({ properties: { type } }) => type !== 'BuiltInRole')
      .map(({ name, properties: { roleName, permissions, assignableScopes } }) => ({
        name,
        roleName,
        permissions,
        scopes: assignableScopes.map((scope) => below(id, scope)),
      }))
      .sort(byName),
    roleAssignments: assignments
      .flatMap((one) => assignmentSchema.safeParse(one).data ?? [])
      .map(({ name, properties: { roleDefinitionId, principalId, scope } }) => ({
        name,
        role: roleDefinitionId.split('/').at(-1) ?? '',
        principalId,
        scope: below(id, scope),
      }))
      .sort(byName),
  }
}

/** A scope of the data plane's roles without the account's id before it: the same in another account. */
function below(id: string, scope: string): string {
  const plain = scope.replace(/\/+$/, '')
  return plain.toLowerCase().startsWith(id.toLowerCase()) ? plain.slice(id.length) : plain
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
