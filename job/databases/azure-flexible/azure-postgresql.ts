import { isPostgresql } from '../managed-server/server.ts'
import { flexibleServers } from './flexible-servers.ts'
import type { FlexibleService } from './service.ts'

/** Azure Database for PostgreSQL (types of Microsoft.DBforPostgreSQL 2025-08-01). */
export const postgresqlService: FlexibleService = {
  name: 'azure-postgresql',
  product: 'PostgreSQL',
  type: 'Microsoft.DBforPostgreSQL/flexibleServers',
  ownHost: /^[a-z0-9-]+\.postgres\.database\.(azure\.com|usgovcloudapi\.net|chinacloudapi\.cn)$/,
  command: 'az postgres flexible-server',
  rolesPage: 'docs/databases/azure-postgresql.md',
  isDriver: isPostgresql,
  groups: {
    storage: [],
    backup: ['earliestRestoreDate'],
    network: [],
    highAvailability: ['state'],
    maintenanceWindow: [],
    authConfig: [],
    dataEncryption: ['primaryEncryptionKeyStatus', 'geoBackupEncryptionKeyStatus'],
  },
  // High availability last, which doubles what a server costs.
  changeable: ['authConfig', 'storage', 'backup', 'maintenanceWindow', 'highAvailability'],
  fixed: {
    backup: ['geoRedundantBackup'],
    // Storage grows by itself and never shrinks.
    storage: ['storageSizeGB', 'type'],
  },
  mayRefuse: [],
  administrator: ['principalType', 'principalName', 'tenantId'],
  knowsEntra: ({ groups: { authConfig } }) => authConfig?.['activeDirectoryAuth'] === 'Enabled',
  // The service makes it system-default by itself where the value is the default (the source of Azure's CLI).
  defaultSource: 'user-override',
  restored({ groups: { backup } }, { at }) {
    const geoRedundantBackup = backup?.['geoRedundantBackup']
    return { pointInTimeUTC: at, ...(geoRedundantBackup === undefined ? {} : { backup: { geoRedundantBackup } }) }
  },
}

/** Flexible servers of Azure Database for PostgreSQL, by the past that the service keeps of them. */
export const azurePostgresql = flexibleServers(postgresqlService)
