import type { ServerWithPast } from '../../postgresql/servers-with-a-past.ts'
import { ticksDate } from '../management/dates.ts'

export const provider = 'Microsoft.DBforPostgreSQL'

/** Groups of settings below `properties`, by the names under which they are told and changed. */
export interface ServerSettings {
  version: string
  administratorLogin: string
  availabilityZone: string
  storage: Record<string, unknown>
  backup: { backupRetentionDays: number; geoRedundantBackup: string }
  network: { publicNetworkAccess: string; delegatedSubnetResourceId?: string; privateDnsZoneArmResourceId?: string }
  highAvailability: { mode: string; standbyAvailabilityZone?: string }
  maintenanceWindow: Record<string, unknown>
  authConfig: Record<string, unknown>
  dataEncryption: { type: string; primaryKeyURI?: string; primaryUserAssignedIdentityId?: string }
}

/** A server parameter as somebody has set it. */
export interface Configuration {
  value: string
  /** it holds only once the server has been restarted */
  pending?: boolean
}

/** One flexible server. */
export interface FlexibleServer {
  subscription: string
  resourceGroup: string
  name: string
  id: string
  location: string
  sku: { name: string; tier: string }
  tags: Record<string, string>
  identity: Record<string, unknown> | undefined
  state: string
  createdMs: number
  settings: ServerSettings
  firewallRules: Map<string, { startIpAddress: string; endIpAddress: string }>
  configurations: Map<string, Configuration>
  administrators: Map<string, Record<string, unknown>>
  replicas: string[]
  privateEndpoints: string[]
  server: ServerWithPast | undefined
}

/** What is set where a call says nothing (types of Microsoft.DBforPostgreSQL; the CLI's recordings). */
export function defaultSettings(): ServerSettings {
  return {
    version: '16',
    administratorLogin: 'postgres',
    availabilityZone: '1',
    storage: { type: '', iops: 120, tier: 'P4', storageSizeGB: 32, autoGrow: 'Disabled' },
    backup: { backupRetentionDays: 7, geoRedundantBackup: 'Disabled' },
    network: { publicNetworkAccess: 'Enabled' },
    highAvailability: { mode: 'Disabled' },
    maintenanceWindow: { customWindow: 'Disabled', dayOfWeek: 0, startHour: 0, startMinute: 0 },
    authConfig: { activeDirectoryAuth: 'Disabled', passwordAuth: 'Enabled' },
    dataEncryption: { type: 'SystemManaged' },
  }
}

/** Server parameters that there are here: their defaults, and whether they hold at once. */
export const parameters: Record<string, { value: string; dynamic: boolean }> = {
  require_secure_transport: { value: 'on', dynamic: true },
  work_mem: { value: '4096', dynamic: true },
  max_connections: { value: '859', dynamic: false },
  'azure.extensions': { value: '', dynamic: true },
  log_checkpoints: { value: 'on', dynamic: true },
}

const dayMs = 86_400_000

/** When the window of a server's backups begins, ms. */
export function earliestMs({ createdMs, settings }: FlexibleServer, nowMs: number): number {
  return Math.max(createdMs, nowMs - settings.backup.backupRetentionDays * dayMs)
}

/** A server as ARM tells it. */
export function serverView(one: FlexibleServer, nowMs: number): object {
  const { backup, highAvailability, ...others } = one.settings
  const isMade = one.state !== 'Provisioning'
  return {
    sku: one.sku,
    systemData: { createdAt: ticksDate(one.createdMs) },
    ...(one.identity !== undefined && { identity: one.identity }),
    properties: {
      ...others,
      minorVersion: '4',
      state: one.state,
      ...(isMade && { fullyQualifiedDomainName: one.server?.host ?? `${one.name}.postgres.database.azure.com` }),
      backup: { ...backup, ...(isMade && { earliestRestoreDate: new Date(earliestMs(one, nowMs)).toISOString() }) },
      highAvailability: { ...highAvailability, state: highAvailability.mode === 'Disabled' ? 'NotEnabled' : 'Healthy' },
      replica: { role: 'Primary', capacity: 5 },
      replicationRole: 'Primary',
      replicaCapacity: 5,
      privateEndpointConnections: one.privateEndpoints.map((id) => ({
        id: `${one.id}/privateEndpointConnections/${id.split('/').at(-1)}`,
        properties: { privateEndpoint: { id }, privateLinkServiceConnectionState: { status: 'Approved' } },
      })),
    },
    location: one.location,
    tags: one.tags,
    id: one.id,
    name: one.name,
    type: `${provider}/flexibleServers`,
  }
}
