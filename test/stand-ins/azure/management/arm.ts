// Room: Azure Resource Manager, and Azure Cosmos DB there.
// Read arm, request, accounts, restores, restorable, then sql-resources.

import { AzureError } from '../service/errors.ts'
import { checkSigned } from '../service/long-operation.ts'
import { accountHandlers, unknownType } from './accounts.ts'
import { authorize } from './authorization.ts'
import { privateEndpointHandlers } from './private-endpoints.ts'
import { serverHandlers } from '../flexible-servers/servers.ts'
import { operationOf, type ArmAnswer, type ArmHandler, type ArmRequest } from './request.ts'
import { restorableHandlers } from './restorable.ts'
import { authorizationAnswer, sqlRoleHandlers } from './roles.ts'
import { scriptHandlers } from './scripts.ts'
import { sqlHandlers } from './sql-resources.ts'
import { isListOfSubscriptions, listingSubscriptions, subscriptionsAnswer } from './subscriptions.ts'
import { throughputHandlers } from './throughput.ts'

const cosmosHandlers: Record<string, ArmHandler> = {
  ...accountHandlers,
  ...restorableHandlers,
  ...sqlHandlers,
  ...throughputHandlers,
  ...scriptHandlers,
  ...sqlRoleHandlers,
  ...privateEndpointHandlers,
}

const handlersOf: Record<string, Record<string, ArmHandler>> = {
  'microsoft.documentdb': cosmosHandlers,
  'microsoft.dbforpostgresql': serverHandlers,
  'microsoft.dbformysql': serverHandlers,
}

/** The types as Microsoft writes them, for what roles name. */
const written = new Map(
  [
    'databaseAccounts',
    'databaseAccountNames',
    'locations',
    'restorableDatabaseAccounts',
    'restorableSqlDatabases',
    'restorableSqlContainers',
    'restorableSqlResources',
    'operationsStatus',
    'operationResults',
    'sqlDatabases',
    'containers',
    'storedProcedures',
    'triggers',
    'userDefinedFunctions',
    'throughputSettings',
    'sqlRoleDefinitions',
    'sqlRoleAssignments',
    'privateEndpointConnections',
    'listKeys',
    'readonlyKeys',
    'retrieveContinuousBackupInformation',
    'migrateToAutoscale',
    'migrateToManualThroughput',
    'roleAssignments',
    'roleDefinitions',
    'permissions',
    'flexibleServers',
    'firewallRules',
    'configurations',
    'administrators',
    'replicas',
    'azureAsyncOperation',
    'checkNameAvailability',
    'restart',
  ].map((name) => [name.toLowerCase(), name]),
)

interface Target {
  subscription: string
  resourceGroup: string
  /** id of what is before the provider of the call, for Microsoft.Authorization */
  scope: string
  provider: string
  types: string[]
  names: string[]
}

/** @throws AzureError 404 */
function targetOf(path: string): Target {
  const segments = path
    .split('/')
    .filter((each) => each !== '')
    .map(decodeURIComponent)
  const after = (name: string) => {
    const index = segments.findIndex((each) => each.toLowerCase() === name)
    return index === -1 ? '' : (segments[index + 1] ?? '')
  }
  const at = segments.findLastIndex((each) => each.toLowerCase() === 'providers')
  const provider = segments[at + 1]
  if (at === -1 || provider === undefined)
    throw new AzureError(404, 'NotFound', `Nothing is at ${path}.`, { from: 'gateway' })
  const below = segments.slice(at + 2)
  // Behind what a POST did, the address of its operation has one part more.
  const isOfAction = below.length % 2 === 1 && below.at(-2)?.toLowerCase() === 'operationresults'
  const resource = isOfAction ? below.slice(0, -2) : below
  const [types, names] = [0, 1].map((odd) => resource.filter((_, index) => index % 2 === odd))
  return {
    subscription: after('subscriptions'),
    resourceGroup: after('resourcegroups'),
    scope: `/${segments.slice(0, at).join('/')}`,
    provider,
    types: [...(types ?? []), ...(isOfAction ? ['operationResults'] : [])],
    names: [...(names ?? []), ...(isOfAction ? below.slice(-1) : [])],
  }
}

const verbs: Record<string, string> = { GET: 'read', HEAD: 'read', PUT: 'write', PATCH: 'write', DELETE: 'delete' }

/** The action that a role has to allow for a call, such as Microsoft.DocumentDB/databaseAccounts/read. */
export function actionOf(method: string, path: string): string {
  if (isListOfSubscriptions(path)) return listingSubscriptions
  const { provider, types } = targetOf(path)
  const type = types.map((each) => written.get(each.toLowerCase()) ?? each).join('/')
  return `${provider}/${type}/${method === 'POST' ? 'action' : (verbs[method] ?? 'action')}`
}

function pollAnswer(request: ArmRequest, types: readonly string[]): ArmAnswer | undefined {
  const last = types.at(-1)?.toLowerCase()
  if (request.method !== 'GET' || !/^(operationsstatus|azureasyncoperation|operationresults)$/.test(last ?? ''))
    return undefined
  checkSigned(request.path, request.query)
  const operation = operationOf(request)
  const { pollAfterS } = request.service.settings
  const headers: Record<string, string> = pollAfterS === undefined ? {} : { 'retry-after': String(pollAfterS) }
  if (last !== 'operationresults') return { status: 200, body: operation.poll(), ...(!operation.isOver && { headers }) }
  if (!operation.isOver) {
    const location = `${request.base}${request.path}?${request.query.toString()}`
    return { status: 202, body: operation.poll(), headers: { ...headers, location } }
  }
  const { result } = operation
  return result === undefined ? { status: 204 } : { status: 200, body: result }
}

export interface ArmCall extends Omit<
  ArmRequest,
  'subscription' | 'resourceGroup' | 'provider' | 'names' | 'apiVersion'
> {
  action: string
}

/** @throws AzureError */
export async function answerArm(call: ArmCall): Promise<ArmAnswer> {
  const { service, method, path, client, query } = call
  const apiVersion = query.get('api-version')
  if (apiVersion === null)
    throw new AzureError(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.', {
      from: 'gateway',
    })
  if (isListOfSubscriptions(path)) return subscriptionsAnswer(call)
  const target = targetOf(path)
  const { subscription, resourceGroup, types, names } = target
  const provider = target.provider
  const request: ArmRequest = { ...call, subscription, resourceGroup, provider, names, apiVersion }
  authorize(service, client, call.action, { scope: path })
  if (target.provider.toLowerCase() === 'microsoft.authorization')
    return authorizationAnswer(request, target.scope, types[0] ?? '', names[0])
  const handlers = handlersOf[provider.toLowerCase()]
  if (handlers === undefined) throw unknownType(provider)
  const poll = pollAnswer(request, types)
  if (poll !== undefined) return poll
  const key = types.map((type, index) => (index < names.length ? `${type}/*` : type)).join('/')
  const handler = handlers[`${method} ${key.toLowerCase()}`]
  if (handler === undefined) throw unknownType(`${method} ${target.provider}/${types.join('/')}`)
  return page(request, await handler(request))
}

/** A part of a list, with the address of the next. */
function page({ base, method, path, query, service }: ArmRequest, answer: ArmAnswer): ArmAnswer {
  const { pageSize } = service.settings
  const { value } = (answer.body ?? {}) as { value?: unknown }
  if (method !== 'GET' || pageSize === undefined || !Array.isArray(value)) return answer
  const from = Number(query.get('$skiptoken') ?? 0)
  const next = new URLSearchParams(query)
  next.set('$skiptoken', String(from + pageSize))
  const more = from + pageSize < value.length ? { nextLink: `${base}${path}?${next.toString()}` } : {}
  return { ...answer, body: { ...answer.body, value: value.slice(from, from + pageSize), ...more } }
}
