import { Failure } from '../../../../operation/failure.ts'
import {
  coordinatorNamespace,
  metadataSchema,
  metadataTable,
  namespaceOf,
  namespacesTable,
} from '../../../scalardb/metadata.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { lowerCaseTableNames } from '../server.ts'
import type { Session } from '../session.ts'
import { identifier, quoted } from '../tables.ts'

/** Which schemas of a server a backup holds. */
export interface Scope {
  schemas: string[]
  /** namespaces that ScalarDB's metadata tells of, without a schema */
  absent: string[]
}

/** The server's own. */
const systemSchemas = ['information_schema', 'mysql', 'performance_schema', 'sys']

/**
 * The schemas of ScalarDB, from its own metadata tables where they exist, and those given by hand.
 * @throws Failure where a given one does not exist, or where nothing tells which schemas are ScalarDB's
 */
export async function readScope(
  session: Session,
  settings: readonly StorageSettings[],
  given: readonly string[],
  title: string,
): Promise<Scope> {
  const rows = await session.query<{ name: string }>('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA')
  const existing = rows.map(({ name }) => name).filter((name) => !systemSchemas.includes(name.toLowerCase()))
  const sameName = await sameNames(session)
  /** Its name on this server; undefined where it is not there. */
  const find = (schema: string) => existing.find((name) => sameName(name) === sameName(schema))
  const unknown = given.filter((schema) => find(schema) === undefined)
  if (unknown.length > 0) {
    throw new Failure({
      what: `${title} has no schema ${unknown.join(', ')}`,
      why: `the schemas that this user sees are ${existing.join(', ')}`,
      next: 'correct --schema; names are case-sensitive',
    })
  }
  const told = new Set<string>()
  for (const one of settings)
    for (const namespace of await namespacesInMetadata(session, metadataSchema(one))) told.add(namespace)
  const mapped = settings.flatMap((one) => one.namespaces ?? []).filter((namespace) => find(namespace) !== undefined)
  if (told.size === 0 && given.length === 0 && mapped.length === 0) {
    const tables = settings.map((one) => `${metadataSchema(one)}.${metadataTable.name}`)
    throw new Failure({
      what: `the schemas of ScalarDB in ${title} are not known`,
      why: `it has no ${tables.join(' or ')} that this user sees, where ScalarDB lists its tables`,
      next: 'name the schemas by --schema, once for each',
    })
  }
  const coordinators = settings.map(coordinatorNamespace).filter((namespace) => find(namespace) !== undefined)
  const wanted = [...new Set([...told, ...mapped, ...coordinators, ...given])]
  return {
    schemas: [...new Set(wanted.flatMap((schema) => find(schema) ?? []))].sort(),
    absent: wanted.filter((schema) => find(schema) === undefined).sort(),
  }
}

/** What two names of one schema have in common: where the server does not tell case apart, ScalarDB still does. */
async function sameNames(session: Session): Promise<(name: string) => string> {
  return (await lowerCaseTableNames(session)) === 0 ? (name) => name : (name) => name.toLowerCase()
}

async function namespacesInMetadata(session: Session, schema: string): Promise<string[]> {
  const read = async ({ name, column }: { name: string; column: string }): Promise<string[] | undefined> => {
    const found = await session.query(
      `SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = ?`,
      [schema, name, column],
    )
    if (found.length === 0) return undefined
    const rows = await session.query<{ value: string }>(
      `SELECT DISTINCT ${identifier(column)} AS value FROM ${quoted({ schema, name })}`,
    )
    return rows.map((row) => row.value)
  }
  const tables = await read(metadataTable)
  const namespaces = await read(namespacesTable)
  if (tables === undefined && namespaces === undefined) return []
  return [schema, ...(tables ?? []).map(namespaceOf), ...(namespaces ?? [])]
}
