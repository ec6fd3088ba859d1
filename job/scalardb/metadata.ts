import type { StorageSettings } from './storage-settings.ts'

/** ScalarDB's own two tables in the metadata schema (TableMetadataService, NamespaceMetadataService). */
export const metadataTable = { name: 'metadata', column: 'full_table_name' } as const
export const namespacesTable = { name: 'namespaces', column: 'namespace_name' } as const

/** The schema (namespace) in which ScalarDB keeps what it knows of its tables (JdbcConfig, DatabaseConfig). */
export function metadataSchema(settings: StorageSettings): string {
  return (
    settings.property(`${settings.kind}.table_metadata.schema`) ??
    settings.property('system_namespace_name') ??
    'scalardb'
  )
}

/** The namespace that holds the states of transactions (ConsensusCommitConfig). */
export function coordinatorNamespace(settings: StorageSettings): string {
  return settings.property('consensus_commit.coordinator.namespace') ?? 'coordinator'
}

/** The namespace of a `full_table_name`. */
export function namespaceOf(fullTableName: string): string {
  return fullTableName.split('.')[0] ?? fullTableName
}
