/**
 * What the real service was seen to answer, as shapes: which fields are there, in which form, in which state. Written
 * down from recordings in Azure/azure-cli (src/azure-cli/azure/cli/command_modules/cosmosdb/tests/latest/recordings):
 * test_cosmosdb_restore_command, test_cosmosdb_sql_restorable_commands, test_cosmosdb_sql_container_backupinfo.
 */

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** 2024-12-30T20:24:59.454359Z: up to seven digits of a second */
const ticks = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z$/
const location = {
  id: /^[a-z0-9-]+-[a-z0-9]+$/,
  locationName: /^[A-Z]/,
  failoverPriority: Number,
  isZoneRedundant: Boolean,
}
const key = { generationTime: ticks }

/** An account that is being made: the answer to its PUT, 200. It has no endpoint. */
export const accountBeingMade = {
  id: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DocumentDB\/databaseAccounts\/[^/]+$/,
  name: String,
  location: /^[A-Z]/,
  type: 'Microsoft.DocumentDB/databaseAccounts',
  kind: 'GlobalDocumentDB',
  tags: Object,
  systemData: { createdAt: ticks },
  properties: {
    provisioningState: 'Creating',
    publicNetworkAccess: 'Enabled',
    enableAutomaticFailover: false,
    enableMultipleWriteLocations: false,
    enablePartitionKeyMonitor: false,
    isVirtualNetworkFilterEnabled: false,
    virtualNetworkRules: { length: 0 },
    EnabledApiTypes: 'Sql',
    disableKeyBasedMetadataWriteAccess: false,
    enableFreeTier: false,
    enableAnalyticalStorage: false,
    analyticalStorageConfiguration: { schemaType: 'WellDefined' },
    instanceId: guid,
    createMode: 'Default',
    databaseAccountOfferType: 'Standard',
    networkAclBypass: 'None',
    disableLocalAuth: false,
    consistencyPolicy: { defaultConsistencyLevel: 'Session', maxIntervalInSeconds: 5, maxStalenessPrefix: 100 },
    configurationOverrides: Object,
    writeLocations: [{ ...location, provisioningState: 'Creating' }],
    readLocations: [{ ...location, provisioningState: 'Creating' }],
    locations: [{ ...location, provisioningState: 'Creating' }],
    failoverPolicies: [{ id: location.id, locationName: location.locationName, failoverPriority: 0 }],
    cors: { length: 0 },
    capabilities: { length: 0 },
    ipRules: { length: 0 },
    backupPolicy: { type: 'Continuous' },
    networkAclBypassResourceIds: { length: 0 },
  },
  identity: { type: 'None' },
}

/** The same once it serves. */
export const accountServing = {
  ...accountBeingMade,
  properties: {
    ...accountBeingMade.properties,
    provisioningState: 'Succeeded',
    documentEndpoint: /^https:.*\/$/,
    sqlEndpoint: /^https:.*\/$/,
    defaultIdentity: 'FirstPartyIdentity',
    minimalTlsVersion: 'Tls12',
    backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous30Days' } },
    writeLocations: [{ ...location, provisioningState: 'Succeeded', documentEndpoint: /^https:/ }],
    readLocations: [{ ...location, provisioningState: 'Succeeded', documentEndpoint: /^https:/ }],
    locations: [{ ...location, provisioningState: 'Succeeded', documentEndpoint: /^https:/ }],
    keysMetadata: {
      primaryMasterKey: key,
      secondaryMasterKey: key,
      primaryReadonlyMasterKey: key,
      secondaryReadonlyMasterKey: key,
    },
  },
}

/** The entry of an account among those that can be restored. */
export const restorableAccount = {
  name: guid,
  location: /^[A-Z]/,
  type: 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts',
  id: /^\/subscriptions\/[^/]+\/providers\/[\w.]+\/locations\/[a-z0-9]+\/restorableDatabaseAccounts\/[^/]+$/,
  properties: {
    accountName: String,
    apiType: 'Sql',
    creationTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/,
    restorableLocations: [{ locationName: /^[A-Z]/, regionalDatabaseAccountInstanceId: guid, creationTime: String }],
  },
}

/** What a moment brings back, one entry for each database. */
export const restorableResources = { value: [{ databaseName: String, collectionNames: [String] }] }

/** The event by which a container came to be. */
export const restorableContainer = {
  type: 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/restorableSqlContainers',
  name: guid,
  properties: {
    resource: {
      _rid: String,
      eventTimestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
      ownerId: String,
      ownerResourceId: String,
      operationType: 'Create',
      container: { id: String, partitionKey: { paths: [String], kind: 'Hash' } },
    },
  },
}

/** A container as ARM tells of it. */
export const container = {
  id: /\/sqlDatabases\/[^/]+\/containers\/[^/]+$/,
  type: 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers',
  name: String,
  properties: {
    resource: {
      id: String,
      indexingPolicy: {
        indexingMode: 'consistent',
        automatic: true,
        includedPaths: [{ path: '/*' }],
        excludedPaths: [{ path: '/"_etag"/?' }],
      },
      partitionKey: { paths: [String], kind: 'Hash' },
      uniqueKeyPolicy: { uniqueKeys: { length: 0 } },
      conflictResolutionPolicy: {
        mode: 'LastWriterWins',
        conflictResolutionPath: '/_ts',
        conflictResolutionProcedure: '',
      },
      backupPolicy: { type: 1 },
      geospatialConfig: { type: 'Geography' },
      _rid: String,
      _ts: Number,
      _self: /^dbs\/.*\/colls\/.*\/$/,
      _etag: /^".*"$/,
      _docs: 'docs/',
      _sprocs: 'sprocs/',
      _triggers: 'triggers/',
      _udfs: 'udfs/',
      _conflicts: 'conflicts/',
    },
  },
}

/** The latest restorable time of a container. */
export const backupInformation = {
  continuousBackupInformation: { latestRestorableTimestamp: /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d:\d\d [AP]M$/ },
}

const signed = String.raw`[0-9a-f-]{36}\?api-version=[\d-]+&t=\d{18}&c=[\w-]+&s=[\w-]+&h=[\w-]+$`

/** The addresses of a long operation, which an answer has in these headers. */
export const addresses = {
  'azure-asyncoperation': new RegExp(`/providers/Microsoft.DocumentDB/locations/[a-z0-9]+/operationsStatus/${signed}`),
  location: new RegExp(`/operationResults/${signed}`),
}

/** What the address of a state says, one after another. */
export const states = ['Enqueued', 'Dequeued', 'Succeeded']
