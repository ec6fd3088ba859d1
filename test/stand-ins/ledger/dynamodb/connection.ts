/**
 * Where a release keeps its data in DynamoDB, as ScalarDB reads it (scalar-labs/scalardb, DynamoConfig and
 * DatabaseConfig).
 */
export interface DynamodbConnection {
  region: string
  endpoint: string | undefined
  accessKey: string
  secret: string
  /** before the namespace of every table, ScalarDB's own included */
  prefix: string
  metadataNamespace: string
}

/** The connection of `scalar.db.storage=dynamo`; undefined where the storage is another one. */
export function dynamodbConnection(properties: ReadonlyMap<string, string>): DynamodbConnection | undefined {
  if (properties.get('scalar.db.storage') !== 'dynamo') return undefined
  const get = (key: string) => properties.get(`scalar.db.${key}`)
  return {
    region: get('contact_points') ?? '',
    endpoint: get('dynamo.endpoint_override') ?? get('dynamo.endpoint-override'),
    accessKey: get('username') ?? '',
    secret: get('password') ?? '',
    prefix: get('dynamo.namespace.prefix') ?? '',
    metadataNamespace: get('dynamo.table_metadata.namespace') ?? get('system_namespace_name') ?? 'scalardb',
  }
}
