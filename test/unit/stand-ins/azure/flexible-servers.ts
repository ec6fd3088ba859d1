import { setTimeout as sleep } from 'node:timers/promises'
import { group, subscription, type Opened } from './clients.ts'

const groupPath = `/subscriptions/${subscription}/resourceGroups/${group}`
/** Where servers of PostgreSQL are in the tests, and where those of MySQL. */
export const serversPath = `${groupPath}/providers/Microsoft.DBforPostgreSQL/flexibleServers`
export const mysqlServersPath = `${groupPath}/providers/Microsoft.DBforMySQL/flexibleServers`

/** Where Azure tells whether the name of a server is free. */
export function availability({ path }: { path: string }): string {
  const provider = path.split('/').at(-2)
  return `/subscriptions/${subscription}/providers/${provider}/locations/westeurope/checkNameAvailability`
}

/** How servers are logged in to. */
export const serverLogin = { username: 'ledger_admin', password: 'a-password-of-the-server' }

export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

/** The stand-in, wherever it is, and who asks. */
export interface At {
  azure: { endpoint: string }
  credential: Opened['credential']
}

/** One call to ARM, as any client makes it; there is no client of Microsoft's here. */
export async function ask({ azure, credential }: At, method: string, path: string, body?: object): Promise<Answer> {
  const token = await credential.getToken('https://management.azure.com/.default')
  const url = path.startsWith('https:') ? path : `${azure.endpoint}${path}?api-version=2025-08-01`
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token?.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

/** The same, to its end. @throws Error where it is refused or fails */
export async function done(at: At, method: string, path: string, body?: object): Promise<void> {
  const answer = await ask(at, method, path, body)
  if (answer.status >= 400) throw new Error(JSON.stringify(answer.body))
  const operation = answer.headers.get('azure-asyncoperation')
  if (operation === null) return
  for (;;) {
    const { body: told } = await ask(at, 'GET', operation)
    if (told['status'] === 'Succeeded') return
    if (told['status'] === 'Failed') throw new Error(JSON.stringify(told))
    await sleep(10)
  }
}

export interface Told {
  id: string
  name: string
  tags?: Record<string, string>
  identity?: object
  sku: object
  location: string
  properties: Record<string, unknown> & { state: string; fullyQualifiedDomainName?: string }
}

/** A server as ARM tells it; undefined where there is none. */
export async function describeServer(at: At, name: string, path = serversPath): Promise<Told | undefined> {
  const { status, body } = await ask(at, 'GET', `${path}/${name}`)
  return status === 404 ? undefined : (body as unknown as Told)
}

/** Names of all servers there are. */
export async function serverNames(at: At, path = serversPath): Promise<string[]> {
  const { body } = await ask(at, 'GET', path)
  return (body['value'] as Told[]).map(({ name }) => name).sort()
}

const usersIdentity =
  `/subscriptions/${subscription}/resourceGroups/${group}` +
  '/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ledger'

/** Every setting another than the usual one. */
export const unusual = {
  location: 'West Europe',
  sku: { name: 'Standard_E4ds_v5', tier: 'MemoryOptimized' },
  tags: { team: 'ledger' },
  identity: { type: 'UserAssigned', userAssignedIdentities: { [usersIdentity]: {} } },
  properties: {
    version: '15',
    administratorLogin: serverLogin.username,
    administratorLoginPassword: serverLogin.password,
    availabilityZone: '2',
    storage: { storageSizeGB: 128, tier: 'P15', iops: 1100, autoGrow: 'Enabled' },
    backup: { backupRetentionDays: 14, geoRedundantBackup: 'Enabled' },
    highAvailability: { mode: 'ZoneRedundant', standbyAvailabilityZone: '3' },
    maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 2, startHour: 3, startMinute: 30 },
    authConfig: { activeDirectoryAuth: 'Enabled', passwordAuth: 'Enabled', tenantId: 'tenant' },
    dataEncryption: {
      type: 'AzureKeyVault',
      primaryKeyURI: 'https://vault.example/keys/ledger/1',
      primaryUserAssignedIdentityId: usersIdentity,
    },
  },
}

/** Likewise of MySQL, but for a standby in another zone, which no restored server gets. */
export const unusualMysql = {
  location: 'West Europe',
  sku: { name: 'Standard_E4ds_v4', tier: 'MemoryOptimized' },
  tags: { team: 'ledger' },
  identity: { type: 'UserAssigned', userAssignedIdentities: { [usersIdentity]: {} } },
  properties: {
    version: '5.7',
    administratorLogin: serverLogin.username,
    administratorLoginPassword: serverLogin.password,
    availabilityZone: '2',
    databasePort: 3307,
    storage: {
      storageSizeGB: 128,
      iops: 1100,
      autoGrow: 'Disabled',
      autoIoScaling: 'Disabled',
      logOnDisk: 'Enabled',
      storageRedundancy: 'ZoneRedundancy',
    },
    backup: { backupRetentionDays: 14, backupIntervalHours: 6, geoRedundantBackup: 'Enabled' },
    network: { publicNetworkAccess: 'Enabled' },
    highAvailability: { mode: 'SameZone', standbyAvailabilityZone: '2' },
    maintenancePolicy: { patchStrategy: 'VirtualCanary' },
    maintenanceWindow: {
      customWindow: 'Enabled',
      dayOfWeek: 2,
      startHour: 3,
      startMinute: 30,
      batchOfMaintenance: 'Batch2',
    },
    dataEncryption: {
      type: 'AzureKeyVault',
      primaryKeyURI: 'https://vault.example/keys/ledger/1',
      primaryUserAssignedIdentityId: usersIdentity,
    },
  },
}

/** A server of PostgreSQL with every setting another than the usual one. */
export async function createServer(at: At, name: string, more: object = {}): Promise<Told> {
  return await create(at, `${serversPath}/${name}`, { ...unusual, ...more }, [
    ['configurations/work_mem', overridden('8192')],
    ['configurations/max_connections', overridden('400')],
    [
      'administrators/0b1ec700-0000-4000-8000-00000000000a',
      { principalType: 'Group', principalName: 'ledger-admins', tenantId: 'tenant' },
    ],
  ])
}

/** Likewise of MySQL. */
export async function createMysqlServer(at: At, name: string, more: object = {}): Promise<Told> {
  return await create(at, `${mysqlServersPath}/${name}`, { ...unusualMysql, ...more }, [
    ['configurations/wait_timeout', overridden('600')],
    ['configurations/time_zone', overridden('+09:00')],
    ['configurations/innodb_buffer_pool_size', overridden('1073741824')],
    [
      'administrators/ActiveDirectory',
      {
        administratorType: 'ActiveDirectory',
        login: 'ledger-admins',
        sid: '0b1ec700-0000-4000-8000-00000000000a',
        tenantId: 'tenant',
        identityResourceId: usersIdentity,
      },
    ],
  ])
}

const overridden = (value: string) => ({ value, source: 'user-override' })

async function create(
  at: At,
  path: string,
  asked: object,
  parts: readonly (readonly [path: string, properties: object])[],
): Promise<Told> {
  await done(at, 'PUT', path, asked)
  const rule = (startIpAddress: string, endIpAddress: string) => ({ startIpAddress, endIpAddress })
  const rules = [
    ['firewallRules/cluster', rule('203.0.113.0', '203.0.113.255')],
    ['firewallRules/office', rule('198.51.100.7', '198.51.100.7')],
  ] as const
  for (const [part, properties] of [...rules, ...parts]) await done(at, 'PUT', `${path}/${part}`, { properties })
  await done(at, 'POST', `${path}/restart`)
  const [folder, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)]
  const made = await describeServer(at, name, folder)
  if (made === undefined) throw new Error(`server ${name} is not there`)
  return made
}
