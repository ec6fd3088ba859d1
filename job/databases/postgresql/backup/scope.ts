import { escapeIdentifier, type Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import {
  coordinatorNamespace,
  metadataSchema,
  metadataTable,
  namespaceOf,
  namespacesTable,
} from '../../../scalardb/metadata.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'

/** Which schemas of a database a backup holds. */
export interface Scope {
  schemas: string[]
  /** schemas with something in them that nobody told of */
  beside: string[]
  /** namespaces that ScalarDB's metadata tells of, without a schema */
  absent: string[]
}

/**
 * The schemas of ScalarDB, from its own metadata tables where they exist, and those given by hand.
 * @throws Failure where a given one does not exist, or where nothing tells which schemas are ScalarDB's
 */
export async function readScope(
  client: Client,
  settings: readonly StorageSettings[],
  given: readonly string[],
  title: string,
): Promise<Scope> {
  const existing = await schemasOf(client)
  const unknown = given.filter((schema) => !existing.has(schema))
  if (unknown.length > 0) {
    throw new Failure({
      what: `${title} has no schema ${unknown.join(', ')}`,
      why: `its schemas are ${[...existing.keys()].join(', ')}`,
      next: 'correct --schema; names are case-sensitive',
    })
  }
  const told = new Set<string>()
  for (const one of settings)
    for (const namespace of await namespacesInMetadata(client, metadataSchema(one))) told.add(namespace)
  const mapped = settings.flatMap((one) => one.namespaces ?? []).filter((namespace) => existing.has(namespace))
  if (told.size === 0 && given.length === 0 && mapped.length === 0) {
    throw new Failure({
      what: `the schemas of ScalarDB in ${title} are not known`,
      why:
        `it has no ${settings.map((one) => `${metadataSchema(one)}.${metadataTable.name}`).join(' or ')}, ` +
        'where ScalarDB lists its tables',
      next: 'name the schemas by --schema, once for each',
    })
  }
  const coordinators = settings.map(coordinatorNamespace).filter((namespace) => existing.has(namespace))
  const wanted = new Set([...told, ...mapped, ...coordinators, ...given])
  return {
    schemas: [...wanted].filter((schema) => existing.has(schema)).sort(),
    beside: [...existing].flatMap(([schema, things]) => (things > 0 && !wanted.has(schema) ? [schema] : [])).sort(),
    absent: [...wanted].filter((schema) => !existing.has(schema)).sort(),
  }
}

/**
 * Schemas of users, with the number of things in each: tables, views, functions, types and all else that depends on a
 * schema (pg_depend). What belongs to an extension comes with it and does not count.
 */
export async function schemasOf(client: Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; things: number }>(`
    SELECT n.nspname AS name, count(d.objid)::int AS things
    FROM pg_namespace n
      LEFT JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'
      AND d.classid <> 'pg_extension'::regclass AND NOT EXISTS (
        SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
      SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')
    GROUP BY n.nspname ORDER BY 1`)
  return new Map(rows.map((row) => [row.name, row.things]))
}

async function namespacesInMetadata(client: Client, schema: string): Promise<string[]> {
  const read = async ({ name, column }: { name: string; column: string }): Promise<string[] | undefined> => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND c.relkind = 'r'`,
      [schema, name, column],
    )
    if (rowCount === 0) return undefined
    const { rows } = await client.query<{ value: string }>(
      `SELECT DISTINCT ${escapeIdentifier(column)} AS value FROM ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    )
    return rows.map((row) => row.value)
  }
  const tables = await read(metadataTable)
  const namespaces = await read(namespacesTable)
  if (tables === undefined && namespaces === undefined) return []
  return [schema, ...(tables ?? []).map(namespaceOf), ...(namespaces ?? [])]
}
