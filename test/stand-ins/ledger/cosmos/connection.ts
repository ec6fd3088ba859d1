/**
 * Where a release keeps its data in Azure Cosmos DB, as ScalarDB reads it (scalar-labs/scalardb, CosmosConfig and
 * DatabaseConfig).
 */
export interface CosmosConnection {
  account: string
  key: string
  metadataDatabase: string
  /** of reads; the service refuses one that is stronger than the account's own */
  consistency: 'Strong' | 'BoundedStaleness'
}

/** The connection of `scalar.db.storage=cosmos`; undefined where the storage is another one. */
export function cosmosConnection(properties: ReadonlyMap<string, string>): CosmosConnection | undefined {
  if (properties.get('scalar.db.storage') !== 'cosmos') return undefined
  const get = (key: string) => properties.get(`scalar.db.${key}`)
  return {
    account: get('contact_points') ?? '',
    key: get('password') ?? '',
    metadataDatabase: get('cosmos.table_metadata.database') ?? get('system_namespace_name') ?? 'scalardb',
    consistency: get('cosmos.consistency_level')?.toUpperCase() === 'BOUNDED_STALENESS' ? 'BoundedStaleness' : 'Strong',
  }
}
