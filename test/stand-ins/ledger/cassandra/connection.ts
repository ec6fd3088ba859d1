/**
 * Where a release keeps its data in Cassandra, as ScalarDB reads it (scalar-labs/scalardb, CassandraConfig and
 * DatabaseConfig).
 */
export interface CassandraConnection {
  hosts: string[]
  port: number
  username: string
  password: string
  /** of ScalarDB itself */
  metadataKeyspace: string
}

/** The connection of `scalar.db.storage=cassandra`; undefined where the storage is another one. */
export function cassandraConnection(properties: ReadonlyMap<string, string>): CassandraConnection | undefined {
  if (properties.get('scalar.db.storage') !== 'cassandra') return undefined
  const get = (key: string) => properties.get(`scalar.db.${key}`)
  return {
    hosts: (get('contact_points') ?? '').split(',').map((host) => host.trim()),
    port: Number(get('contact_port') ?? 9042),
    username: get('username') ?? '',
    password: get('password') ?? '',
    metadataKeyspace: get('cassandra.metadata.keyspace') ?? get('system_namespace_name') ?? 'scalardb',
  }
}
