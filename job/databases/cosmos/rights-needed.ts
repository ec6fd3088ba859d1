const containers = 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers'

/** What a backup asks of Azure, as roles name it. */
export const backupActions = [
  'Microsoft.DocumentDB/databaseAccounts/read',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/read',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/throughputSettings/read',
  `${containers}/read`,
  `${containers}/throughputSettings/read`,
  `${containers}/storedProcedures/read`,
  `${containers}/triggers/read`,
  `${containers}/userDefinedFunctions/read`,
  `${containers}/retrieveContinuousBackupInformation/action`,
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/read',
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/read',
  'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/read',
  // whoever follows an operation asks where it stands
  'Microsoft.DocumentDB/locations/operationsStatus/read',
  `${containers}/retrieveContinuousBackupInformation/operationResults/read`,
] as const

/** What a restore, and the removal of what it made, asks of Azure beyond that. */
export const restoreActions = [
  'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/restore/action',
  // what the account had at a moment, which has no name of its own among Azure's actions
  'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/*/read',
  'Microsoft.DocumentDB/databaseAccounts/write',
  'Microsoft.DocumentDB/databaseAccounts/delete',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/throughputSettings/write',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/throughputSettings/migrateToAutoscale/action',
  'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/throughputSettings/migrateToManualThroughput/action',
  `${containers}/write`,
  `${containers}/throughputSettings/write`,
  `${containers}/throughputSettings/migrateToAutoscale/action`,
  `${containers}/throughputSettings/migrateToManualThroughput/action`,
  `${containers}/storedProcedures/write`,
  `${containers}/triggers/write`,
  `${containers}/userDefinedFunctions/write`,
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write',
  'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write',
] as const

/** What pointing a release to a restored account asks of Azure beyond that, where the worker does it. */
export const repointActions = ['Microsoft.DocumentDB/databaseAccounts/listKeys/action'] as const

/** By which a restore sees how far indexes are; without it they are told to be unknown. */
export const indexAction = 'Microsoft.DocumentDB/databaseAccounts/readonlyKeys/action'

/** Asked of Azure itself: whether the others are there. */
export const askRights = 'Microsoft.Authorization/permissions/read'
