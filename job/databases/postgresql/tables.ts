import { escapeIdentifier, type Client } from 'pg'

/** A table of the dump, as the server's catalog has it. */
export interface Table {
  schema: string
  name: string
  bytes: number
  /** with its indexes */
  totalBytes: number
  /** why this user could not dump it, if so */
  obstacle: string | undefined
}

/** The tables of some schemas; partitions count, the partitioned tables above them hold no rows. */
export async function listTables(client: Client, schemas: readonly string[]): Promise<Table[]> {
  const { rows } = await client.query<{
    schema: string
    name: string
    bytes: string
    totalBytes: string
    readable: boolean
    filtered: boolean
  }>(
    `SELECT n.nspname AS schema, c.relname AS name, pg_table_size(c.oid) AS bytes,
       pg_total_relation_size(c.oid) AS "totalBytes",
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
       row_security_active(c.oid) AS filtered
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY($1) AND c.relkind = 'r'
       AND NOT EXISTS (SELECT FROM pg_depend d
         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1, 2`,
    [schemas],
  )
  return rows.map(({ schema, name, bytes, totalBytes, readable, filtered }) => ({
    schema,
    name,
    bytes: Number(bytes),
    totalBytes: Number(totalBytes),
    obstacle: readable ? (filtered ? 'row security hides rows of it' : undefined) : 'no right to read it',
  }))
}

/** Sequences that this user could not dump. */
export async function unreadableSequences(client: Client, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY($1)
       AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT') ELSE false END ORDER BY 1`,
    [schemas],
  )
  return rows.map((row) => row.name)
}

/**
 * How long a session of a backup waits for a table's lock, ms. Only a schema change keeps it from us, and while both
 * wait for each other the release waits too: so the backup gives way soon.
 */
export const lockPatienceMs = 5_000

/** A table's name for SQL. */
export function quoted({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
}
