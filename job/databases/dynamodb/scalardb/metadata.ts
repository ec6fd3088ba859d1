// Room: ScalarDB's own rows and names in DynamoDB, and how a restore changes them.
// Read metadata, restored-names, restored-rows.

import { paginateScan, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Access } from '../access.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import {
  metadataTableName,
  namespacesTableName,
  parsePhysicalName,
  physicalName,
  type Naming,
  type TableName,
} from '../tables/table-names.ts'

/** Attributes of ScalarDB's own two tables that hold physical names (DynamoAdmin). */
export const metadataKey = 'table'
export const namespacesKey = 'namespace_name'

/** A row of the metadata or the namespaces table, whole. */
export type Row = Record<string, AttributeValue>

/** A table of an installation: its physical name, and the one without the prefix. */
export interface InstalledTable extends TableName {
  name: string
}

/** What ScalarDB's own tables say of an installation. */
export interface Installation {
  /** every table of it, ScalarDB's own two included, by name */
  tables: InstalledTable[]
  /** physical names as the metadata lists them; none where the tables were given by hand */
  listed: string[]
  /** names in the metadata that do not begin with the prefix: of another installation, or damaged */
  strangers: string[]
}

/**
 * Reads which tables an installation has. The table of namespaces is left out where an older ScalarDB made none, and
 * the coordinators' where nothing lists them and they are not there.
 * @returns undefined where there is no metadata table
 */
export async function readInstallation(
  client: DynamoDBClient,
  { naming, coordinatorNamespaces }: Pick<Access, 'naming' | 'coordinatorNamespaces'>,
): Promise<Installation | undefined> {
  const metadata = metadataTableName(naming)
  if ((await lookAtTable(client, metadata)) === undefined) return undefined
  const listed = await readListed(client, naming)
  const beside = [
    namespacesTableName(naming),
    ...coordinatorNamespaces.map((namespace) => physicalName(naming.prefix, { namespace, table: 'state' })),
  ]
  const present = await Promise.all(
    beside.map(async (name) => ((await lookAtTable(client, name)) === undefined ? [] : [name])),
  )
  const names = [...new Set([...listed, metadata, ...present.flat()])].sort()
  const parsed = names.map((name) => ({ name, parts: parsePhysicalName(naming.prefix, name) }))
  return {
    tables: parsed.flatMap(({ name, parts }) => (parts === undefined ? [] : [{ name, ...parts }])),
    listed,
    strangers: parsed.flatMap(({ name, parts }) => (parts === undefined ? [name] : [])),
  }
}

/** Physical names of the tables that the metadata lists at the moment it is read, sorted. */
export async function readListed(client: DynamoDBClient, naming: Naming): Promise<string[]> {
  const names: string[] = []
  const scan = {
    TableName: metadataTableName(naming),
    ConsistentRead: true,
    ProjectionExpression: '#key',
    ExpressionAttributeNames: { '#key': metadataKey },
  }
  for await (const page of paginateScan({ client }, scan))
    names.push(...(page.Items ?? []).flatMap((row) => row[metadataKey]?.S ?? []))
  return names.sort()
}

/** Every row of a table, as it is at the moment it is read. */
export async function readRows(client: DynamoDBClient, table: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
    rows.push(...(page.Items ?? []))
  return rows
}
