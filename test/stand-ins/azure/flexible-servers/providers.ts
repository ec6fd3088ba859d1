import type { Engine } from '../../postgresql/servers-with-a-past.ts'
import type { ServerSettings } from './server.ts'

/** A server parameter of a provider. */
interface Parameter {
  value: string
  /** whether it holds at once */
  dynamic: boolean
  /** whether nobody may set it */
  readOnly?: boolean
}

/** What the two services of flexible servers differ in. */
export interface Provider {
  /** Microsoft.DBforPostgreSQL */
  name: string
  /** what its servers run */
  engine: Engine
  /** of the hosts of its servers */
  domain: string
  /** while a server is made, no state that types know of tells it */
  making: string
  /** what nobody replicates from or to is called */
  replicationRole: string
  /** groups that a call sets as a whole or in part */
  groups: readonly (keyof ServerSettings)[]
  /** what is set where a call says nothing (types; the CLI's recordings) */
  defaults(): ServerSettings
  /** server parameters that there are here */
  parameters: Record<string, Parameter>
  /** how it writes whether something is so */
  flag(is: boolean): boolean | string
  /** what a call gives the time of a restore by */
  timeProperty: string
  /** what an administrator has to be called, where it has to be something */
  administratorName?: string
  /** what a restored server has of its source and of the call that made it, in place of the defaults */
  restored(source: ServerSettings, asked: Partial<ServerSettings>): Partial<ServerSettings>
  /** the parameters that a restored server has of its source; absent: none, and no firewall rules */
  inherits?(parameter: string): boolean
  /** why a change of a server that is there is refused */
  refusesChange(now: ServerSettings, asked: Partial<ServerSettings>): string | undefined
}

const postgresql: Provider = {
  name: 'Microsoft.DBforPostgreSQL',
  engine: 'postgresql',
  domain: 'postgres.database.azure.com',
  making: 'Provisioning',
  replicationRole: 'Primary',
  groups: ['storage', 'backup', 'network', 'highAvailability', 'maintenanceWindow', 'authConfig', 'dataEncryption'],
  defaults: () => ({
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
  }),
  parameters: {
    require_secure_transport: { value: 'on', dynamic: true },
    work_mem: { value: '4096', dynamic: true },
    max_connections: { value: '859', dynamic: false },
    'azure.extensions': { value: '', dynamic: true },
    log_checkpoints: { value: 'on', dynamic: true },
  },
  flag: (is) => is,
  timeProperty: 'pointInTimeUTC',
  restored: ({ storage, backup }, asked) => ({
    // Whether a server grows by itself is not said to be kept.
    storage: { ...storage, autoGrow: 'Disabled' },
    backup: {
      backupRetentionDays: backup.backupRetentionDays,
      geoRedundantBackup: asked.backup?.geoRedundantBackup ?? 'Disabled',
    },
    network: { publicNetworkAccess: 'Enabled', ...asked.network },
  }),
  refusesChange: (now, { backup }) =>
    (backup?.geoRedundantBackup ?? now.backup.geoRedundantBackup) === now.backup.geoRedundantBackup
      ? undefined
      : 'Geo-redundant backup is chosen when a server is created.',
}

const mysql: Provider = {
  name: 'Microsoft.DBforMySQL',
  engine: 'mysql',
  domain: 'mysql.database.azure.com',
  making: 'Starting',
  replicationRole: 'None',
  groups: [
    'storage',
    'backup',
    'network',
    'highAvailability',
    'maintenancePolicy',
    'maintenanceWindow',
    'dataEncryption',
  ],
  defaults: () => ({
    version: '8.0.21',
    administratorLogin: 'mysql',
    availabilityZone: '1',
    databasePort: 3306,
    storage: {
      storageSizeGB: 32,
      iops: 396,
      autoGrow: 'Enabled',
      autoIoScaling: 'Enabled',
      logOnDisk: 'Disabled',
      storageSku: 'Premium_LRS',
      storageRedundancy: 'LocalRedundancy',
    },
    backup: { backupRetentionDays: 7, backupIntervalHours: 24, geoRedundantBackup: 'Disabled' },
    network: { publicNetworkAccess: 'Enabled' },
    highAvailability: { mode: 'Disabled' },
    maintenancePolicy: { patchStrategy: 'Regular' },
    maintenanceWindow: {
      customWindow: 'Disabled',
      dayOfWeek: 0,
      startHour: 0,
      startMinute: 0,
      batchOfMaintenance: 'Default',
    },
    dataEncryption: { type: 'SystemManaged' },
  }),
  parameters: {
    require_secure_transport: { value: 'ON', dynamic: true },
    wait_timeout: { value: '28800', dynamic: true },
    innodb_buffer_pool_size: { value: '2147483648', dynamic: false },
    time_zone: { value: 'SYSTEM', dynamic: true },
    event_scheduler: { value: 'OFF', dynamic: true },
    long_query_time: { value: '10', dynamic: true },
    archive: { value: 'OFF', dynamic: false, readOnly: true },
  },
  flag: (is) => (is ? 'True' : 'False'),
  timeProperty: 'restorePointInTime',
  administratorName: 'ActiveDirectory',
  restored({ storage, backup }, asked) {
    const { publicNetworkAccess: _after, ...network }: Partial<ServerSettings['network']> = asked.network ?? {}
    return {
      storage: { ...this.defaults().storage, ...asked.storage, storageSizeGB: storage['storageSizeGB'] },
      backup: {
        backupRetentionDays: backup.backupRetentionDays,
        backupIntervalHours: 24,
        geoRedundantBackup: asked.backup?.geoRedundantBackup ?? backup.geoRedundantBackup,
      },
      // The CLI sets public access once the server is there.
      network: {
        publicNetworkAccess: network.delegatedSubnetResourceId === undefined ? 'Enabled' : 'Disabled',
        ...network,
      },
      databasePort: asked.databasePort ?? 3306,
    }
  },
  inherits: (parameter) => !['time_zone', 'event_scheduler'].includes(parameter),
  refusesChange(now, asked) {
    if (asked.maintenanceWindow !== undefined && Object.keys(asked).length > 1)
      return 'A maintenance window is set by itself.'
    if (asked.storage?.['storageRedundancy'] !== undefined || asked.databasePort !== undefined)
      return 'Redundancy of storage and the port are chosen when a server is created.'
    const isZonal = (one: Partial<ServerSettings>) => one.highAvailability?.mode === 'ZoneRedundant'
    return isZonal(asked) && !isZonal(now)
      ? 'Zone-redundant high availability can be set only when the server is created.'
      : undefined
  },
}

/** By the name of each in lower case. */
export const providers: Record<string, Provider> = {
  [postgresql.name.toLowerCase()]: postgresql,
  [mysql.name.toLowerCase()]: mysql,
}
