import type { ServerWithPast } from '../../postgresql/servers-with-a-past.ts'
import { ticksDate } from '../management/dates.ts'
import type { Provider } from './providers.ts'

/** Groups of settings below `properties`, by the names under which they are told and changed. */
export interface ServerSettings {
  version: string
  administratorLogin: string
  availabilityZone: string
  storage: Record<string, unknown>
  databasePort?: number
  backup: { backupRetentionDays: number; geoRedundantBackup: string; backupIntervalHours?: number }
  network: {
    publicNetworkAccess: string
    delegatedSubnetResourceId?: string
    privateDnsZoneArmResourceId?: string
    privateDnsZoneResourceId?: string
  }
  highAvailability: { mode: string; standbyAvailabilityZone?: string }
  maintenanceWindow: Record<string, unknown>
  maintenancePolicy?: Record<string, unknown>
  authConfig?: Record<string, unknown>
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
  provider: Provider
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

const dayMs = 86_400_000

/** When the window of a server's backups begins, ms. */
export function earliestMs({ createdMs, settings }: FlexibleServer, nowMs: number): number {
  return Math.max(createdMs, nowMs - settings.backup.backupRetentionDays * dayMs)
}

/** A server as ARM tells it. */
export function serverView(one: FlexibleServer, nowMs: number): object {
  const { backup, highAvailability, ...others } = one.settings
  const { provider } = one
  const isMade = one.state !== provider.making
  return {
    sku: one.sku,
    systemData: { createdAt: ticksDate(one.createdMs) },
    ...(one.identity !== undefined && { identity: one.identity }),
    properties: {
      ...others,
      state: one.state,
      ...(isMade && { fullyQualifiedDomainName: one.server?.host ?? `${one.name}.${provider.domain}` }),
      backup: { ...backup, ...(isMade && { earliestRestoreDate: new Date(earliestMs(one, nowMs)).toISOString() }) },
      highAvailability: { ...highAvailability, state: highAvailability.mode === 'Disabled' ? 'NotEnabled' : 'Healthy' },
      replicationRole: provider.replicationRole,
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
    type: `${provider.name}/flexibleServers`,
  }
}
