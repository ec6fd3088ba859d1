import { coordinatorNamespace, metadataTable, namespacesTable } from '../../../scalardb/metadata.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'

/** A table as ScalarDB knows it, without the namespace prefix. */
export interface TableName {
  namespace: string
  table: string
}

/** What the properties of a storage say of its tables' names (ScalarDB: DynamoConfig). */
export interface Naming {
  /** `scalar.db.dynamo.namespace.prefix`; empty where there is none */
  prefix: string
  /** namespace of ScalarDB's own tables, without the prefix */
  metadataNamespace: string
  /** namespace of the states of transactions, without the prefix */
  coordinatorNamespace: string
}

export const prefixProperty = 'dynamo.namespace.prefix'
const defaultMetadataNamespace = 'scalardb'

/** Reads the naming of a storage. */
export function namingOf(settings: StorageSettings): Naming {
  return {
    prefix: settings.property(prefixProperty) ?? '',
    metadataNamespace:
      settings.property('dynamo.table_metadata.namespace') ??
      settings.property('system_namespace_name') ??
      defaultMetadataNamespace,
    coordinatorNamespace: coordinatorNamespace(settings),
  }
}

/** `<prefix><namespace>.<table>`, as DynamoDB, the rows of the metadata table and the names of indexes have it. */
export function physicalName(prefix: string, { namespace, table }: TableName): string {
  return `${prefix}${namespace}.${table}`
}

/** The reverse; undefined for a name that is not of this prefix. A prefix may hold dots, a namespace does not. */
export function parsePhysicalName(prefix: string, name: string): TableName | undefined {
  const dot = name.indexOf('.', prefix.length)
  if (!name.startsWith(prefix) || dot <= prefix.length || dot === name.length - 1) return undefined
  return { namespace: name.slice(prefix.length, dot), table: name.slice(dot + 1) }
}

/** The table in which ScalarDB lists every table of an installation. */
export function metadataTableName({ prefix, metadataNamespace }: Naming): string {
  return physicalName(prefix, { namespace: metadataNamespace, table: metadataTable.name })
}

/** The table in which ScalarDB lists every namespace. */
export function namespacesTableName({ prefix, metadataNamespace }: Naming): string {
  return physicalName(prefix, { namespace: metadataNamespace, table: namespacesTable.name })
}

/**
 * A name of an index or a scaling policy as it is under another prefix; ScalarDB puts the table's physical name into
 * both (`<table>.global_index.<column>`, `table/<table>-read`). What does not hold the table's name stays as it is.
 */
export function renamed(text: string, formerTable: string, table: string): string {
  return text.replaceAll(formerTable, () => table)
}
