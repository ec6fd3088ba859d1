import { isMysql } from '../managed-server/server.ts'
import { flexibleServers } from './flexible-servers.ts'
import type { FlexibleService } from './service.ts'

/** Azure Database for MySQL (types of Microsoft.DBforMySQL 2024-12-30). */
export const mysqlService: FlexibleService = {
  name: 'azure-mysql',
  product: 'MySQL',
  type: 'Microsoft.DBforMySQL/flexibleServers',
  ownHost: /^[a-z0-9-]+\.mysql\.database\.(azure\.com|usgovcloudapi\.net|chinacloudapi\.cn)$/,
  command: 'az mysql flexible-server',
  rolesPage: 'docs/databases/azure-mysql.md',
  isDriver: isMysql,
  groups: {
    storage: ['storageSku'],
    backup: ['earliestRestoreDate'],
    network: [],
    highAvailability: ['state'],
    maintenancePolicy: [],
    maintenanceWindow: [],
    dataEncryption: [],
  },
  // Public access first, which is not taken from the call that makes a server; high availability last.
  changeable: ['network', 'storage', 'backup', 'maintenancePolicy', 'maintenanceWindow', 'highAvailability'],
  fixed: {
    network: ['delegatedSubnetResourceId', 'privateDnsZoneResourceId'],
    storage: ['storageSizeGB', 'storageRedundancy'],
    backup: ['geoRedundantBackup'],
  },
  // Across zones it can be set only when a server is created.
  mayRefuse: ['highAvailability'],
  administrator: ['administratorType', 'login', 'sid', 'tenantId', 'identityResourceId'],
  knowsEntra: () => true,
  defaultSource: 'system-default',
  restored({ groups: { storage, backup, highAvailability }, databasePort }, { at, storageSizeGB }) {
    return {
      restorePointInTime: at,
      // A server does not get less than its source has.
      storage: { ...storage, storageSizeGB: Math.max(storageSizeGB, Number(storage?.['storageSizeGB'] ?? 0)) },
      backup: backup ?? {},
      ...(highAvailability === undefined ? {} : { highAvailability }),
      ...(databasePort === undefined ? {} : { databasePort }),
    }
  },
}

/** Flexible servers of Azure Database for MySQL, by the past that the service keeps of them. */
export const azureMysql = flexibleServers(mysqlService)
