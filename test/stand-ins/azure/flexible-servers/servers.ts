// Room: flexible servers of Azure Database for PostgreSQL and MySQL, each a real one where one is asked for.
// Read server, providers (what the two differ in), servers, restored-server, parts, requests.

import { regionKey, regionName } from '../accounts/regions.ts'
import { begin, propertiesOf, type ArmAnswer, type ArmHandler, type ArmRequest } from '../management/request.ts'
import { partHandlers } from './parts.ts'
import type { Provider } from './providers.ts'
import { change, findServer, idleServer, providerOf, refused, serverByName, serverOf } from './requests.ts'
import { restoredServer } from './restored-server.ts'
import { serverView, type FlexibleServer, type ServerSettings } from './server.ts'

const view = ({ service }: ArmRequest, one: FlexibleServer) => serverView(one, service.now())

/** Settings with what a call asks for in place of what was there. */
function changedSettings(
  { groups }: Provider,
  settings: ServerSettings,
  properties: Record<string, unknown>,
): ServerSettings {
  const asked = groups.flatMap((group) => {
    const value = properties[group]
    return typeof value === 'object' && value !== null
      ? [[group, { ...(settings[group] as object), ...value }] as const]
      : []
  })
  return { ...settings, ...Object.fromEntries(asked) }
}

function newServer(request: ArmRequest): FlexibleServer {
  const { body, service, subscription, resourceGroup } = request
  const name = (request.names[0] ?? '').toLowerCase()
  if (!/^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$/.test(name))
    throw refused('InvalidServerName', `The server name '${name}' is not valid.`)
  const provider = providerOf(request)
  if (serverByName(service, provider, name) !== undefined || service.settings.takenNames.includes(name))
    throw refused('ServerNameAlreadyExists', `Specified server name '${name}' is already used.`, 409)
  const location = regionName(String(body['location'] ?? ''))
  if (location === undefined) throw refused('InvalidLocation', 'The location is missing or not one.')
  const quota = service.settings.serverQuota
  if (quota !== undefined && service.servers.length >= quota)
    throw refused(
      'QuotaExceeded',
      'Operation could not be completed as it results in exceeding approved Total Cores quota.',
    )
  for (const tag of Object.keys((body['tags'] ?? {}) as object))
    if (/[<>%&\\?/]/.test(tag)) throw refused('InvalidTagNameCharacters', `The tag name '${tag}' is not valid.`)
  const group = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`
  return {
    provider,
    subscription,
    resourceGroup,
    name,
    id: `${group}/providers/${provider.name}/flexibleServers/${name}`,
    location,
    sku: { name: 'Standard_D4ds_v5', tier: 'GeneralPurpose', ...(body['sku'] as object | undefined) },
    tags: (body['tags'] ?? {}) as Record<string, string>,
    identity: body['identity'] as Record<string, unknown> | undefined,
    state: provider.making,
    createdMs: service.now(),
    settings: provider.defaults(),
    firewallRules: new Map(),
    configurations: new Map(),
    administrators: new Map(),
    replicas: [],
    privateEndpoints: [],
    server: undefined,
  }
}

const put: ArmHandler = (request) => {
  const { body, service } = request
  const properties = propertiesOf(request)
  const present = findServer(request)
  const isRestore = properties['createMode'] === 'PointInTimeRestore'
  if (present !== undefined && !isRestore) return update(request)
  const one = newServer(request)
  const restored = isRestore ? restoredServer(request, one) : undefined
  if (restored === undefined) {
    one.settings = changedSettings(one.provider, { ...one.settings, ...named(properties) }, properties)
    for (const id of Object.keys((body['replicas'] ?? {}) as object)) one.replicas.push(id)
  }
  service.servers.push(one)
  service.timers.after(['serverAppearance', one.id], () => service.shown.add(one))
  const make = async () => {
    one.server =
      restored === undefined
        ? await service.databases[one.provider.engine]?.create(login(properties))
        : await restored()
  }
  const failing = request.fault?.effect === 'fail-operation'
  return begin(request, {
    phase: isRestore ? 'restoreServer' : 'createServer',
    region: regionKey(one.location),
    answer: {
      status: 202,
      body: { operation: isRestore ? 'RestoreSnapshotManagementOperation' : 'UpsertServerManagementOperation' },
    },
    ...(failing ? {} : { work: make }),
    finish: () => {
      service.shown.add(one)
      one.state = 'Ready'
      return view(request, one)
    },
    failed: () => remove(request, one),
  })
}

function named(properties: Record<string, unknown>): Partial<ServerSettings> {
  const { version, administratorLogin, availabilityZone, databasePort } = properties
  return {
    ...(typeof version === 'string' && { version }),
    ...(typeof administratorLogin === 'string' && { administratorLogin }),
    ...(typeof availabilityZone === 'string' && { availabilityZone }),
    ...(typeof databasePort === 'number' && { databasePort }),
  }
}

const login = ({ administratorLogin, administratorLoginPassword }: Record<string, unknown>) => ({
  username: String(administratorLogin ?? 'postgres'),
  password: String(administratorLoginPassword ?? ''),
})

function remove({ service }: ArmRequest, one: FlexibleServer): void {
  const at = service.servers.indexOf(one)
  if (at !== -1) service.servers.splice(at, 1)
  service.shown.delete(one)
  void one.server?.stop()
}

function update(request: ArmRequest): ArmAnswer {
  const one = idleServer(request)
  const { body } = request
  const properties = propertiesOf(request)
  const why = one.provider.refusesChange(one.settings, properties)
  if (why !== undefined) throw refused('InvalidParameterValue', why)
  if (body['sku'] !== undefined && properties['highAvailability'] !== undefined)
    throw refused('InvalidParameterValue', 'Compute and high availability are changed one after the other.')
  return change(request, one, {
    phase: 'updateServer',
    operation: 'UpsertServerManagementOperation',
    finish: () => {
      one.settings = changedSettings(one.provider, one.settings, properties)
      if (body['sku'] !== undefined) one.sku = { ...one.sku, ...(body['sku'] as object) }
      if (body['tags'] !== undefined) one.tags = body['tags'] as Record<string, string>
      return view(request, one)
    },
  })
}

const removal: ArmHandler = (request) => {
  const one = findServer(request)
  if (one === undefined) return { status: 204 }
  idleServer(request)
  one.state = 'Dropping'
  return begin(request, {
    phase: 'deleteServer',
    region: regionKey(one.location),
    answer: { status: 202, body: { operation: 'DropServerManagementOperation' } },
    finish: () => {
      remove(request, one)
      return undefined
    },
    failed: () => {
      one.state = 'Ready'
    },
  })
}

const list: ArmHandler = (request) => ({
  status: 200,
  body: {
    value: request.service.servers
      .filter((one) => one.provider === providerOf(request))
      .filter((one) => request.service.shown.has(one) && one.subscription === request.subscription)
      .filter((one) => ['', one.resourceGroup.toLowerCase()].includes(request.resourceGroup.toLowerCase()))
      .map((one) => view(request, one)),
  },
})

const restart: ArmHandler = (request) => {
  const one = idleServer(request)
  return change(request, one, {
    phase: 'restartServer',
    operation: 'RestartServerManagementOperation',
    finish: () => {
      for (const each of one.configurations.values()) delete each.pending
      return undefined
    },
  })
}

/** Its database serves on behind it. */
const stop: ArmHandler = (request) =>
  change(request, idleServer(request), {
    phase: 'restartServer',
    operation: 'StopServerManagementOperation',
    finish: () => undefined,
    state: 'Stopped',
  })

const start: ArmHandler = (request) => {
  const one = serverOf(request)
  if (one.state !== 'Stopped') throw refused('ServerIsNotStopped', `Server '${one.name}' is ${one.state}.`, 409)
  const operation = 'StartServerManagementOperation'
  return change(request, one, { phase: 'restartServer', operation, finish: () => undefined })
}

const nameAvailability: ArmHandler = (request) => {
  const { body, service } = request
  const name = String(body['name'] ?? '')
  const taken =
    serverByName(service, providerOf(request), name) !== undefined || service.settings.takenNames.includes(name)
  const reason = taken && { reason: 'AlreadyExists', message: `Specified server name '${name}' is already used.` }
  return { status: 200, body: { name, type: body['type'], nameAvailable: !taken, ...reason } }
}

/** By method and type, below the provider. */
export const serverHandlers: Record<string, ArmHandler> = {
  'GET flexibleservers': list,
  'GET flexibleservers/*': (request) => ({ status: 200, body: view(request, serverOf(request)) }),
  'PUT flexibleservers/*': put,
  'PATCH flexibleservers/*': update,
  'DELETE flexibleservers/*': removal,
  'POST flexibleservers/*/restart': restart,
  'POST flexibleservers/*/stop': stop,
  'POST flexibleservers/*/start': start,
  'POST locations/*/checknameavailability': nameAvailability,
  ...partHandlers,
}
