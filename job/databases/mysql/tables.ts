import type { Session } from './session.ts'

/** A table, or whatever else information_schema.TABLES tells of. */
export interface Table {
  schema: string
  name: string
  /** BASE TABLE; else VIEW, SEQUENCE, SYSTEM VERSIONED */
  type: string
  engine: string
  bytes: number
  comment: string
  /** of this very table: another of its name has another */
  createdAt: string
}

/** A column that a dump reads and a load writes; what the server generates is no such column. */
export interface Column {
  name: string
  /** DATA_TYPE: bigint */
  type: string
}

/** Tables and views of some schemas, as far as this user may see them. */
export async function listTables(session: Session, schemas: readonly string[]): Promise<Table[]> {
  return schemas.length === 0 ? [] : await tablesWhere(session, 'TABLE_SCHEMA IN (?)', [schemas])
}

/** One table as it is now; undefined where there is none. */
export async function findTable(
  session: Session,
  { schema, name }: Pick<Table, 'schema' | 'name'>,
): Promise<Table | undefined> {
  const [table] = await tablesWhere(session, 'TABLE_SCHEMA = ? AND TABLE_NAME = ?', [schema, name])
  return table
}

async function tablesWhere(session: Session, condition: string, values: readonly unknown[]): Promise<Table[]> {
  const rows = await session.query<Omit<Table, 'bytes'> & { bytes: number | string }>(
    `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name, TABLE_TYPE AS type, coalesce(ENGINE, '') AS engine,
       coalesce(DATA_LENGTH, 0) AS bytes, coalesce(TABLE_COMMENT, '') AS comment, coalesce(CREATE_TIME, '') AS createdAt
     FROM information_schema.TABLES WHERE ${condition} ORDER BY 1, 2`,
    values,
  )
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }))
}

/** Whether it is one that RENAME TABLE moves to another schema; views and sequences stay where they are. */
export function isTable({ type }: Pick<Table, 'type'>): boolean {
  return type === 'BASE TABLE' || type === 'SYSTEM VERSIONED'
}

/** The columns of a table that hold data of their own, in their order. */
export async function columnsOf(session: Session, table: Pick<Table, 'schema' | 'name'>): Promise<Column[]> {
  return await session.query<Column>(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND coalesce(GENERATION_EXPRESSION, '') = '' ORDER BY ORDINAL_POSITION`,
    [table.schema, table.name],
  )
}

/**
 * How strict a server may be with a table's own rows. A strict one refuses an ENUM that is none of its members, and
 * what an expression makes of a text that is no number; both are there where a session without strict mode wrote.
 */
export async function strictnessOf(
  session: Session,
  { schema, name }: Pick<Table, 'schema' | 'name'>,
): Promise<'strict' | 'lenient'> {
  const found = await session.query(
    `SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
       AND (DATA_TYPE = 'enum' OR coalesce(GENERATION_EXPRESSION, '') <> '') LIMIT 1`,
    [schema, name],
  )
  return found.length === 0 ? 'strict' : 'lenient'
}

/** The statement that creates a table like this one, in whatever schema is in use. */
export async function createStatement(session: Session, table: Pick<Table, 'schema' | 'name'>): Promise<string> {
  const [row] = await session.query<Record<string, string>>(`SHOW CREATE TABLE ${quoted(table)}`)
  const text = row?.['Create Table']
  if (text === undefined) throw new Error(`SHOW CREATE TABLE of ${table.schema}.${table.name} gave nothing`)
  return text
}

/** A name for SQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A table's name for SQL. */
export function quoted({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return `${identifier(schema)}.${identifier(name)}`
}

/** A text whose characters are the bytes of another: how a session of bytes takes statements. */
export function bytesAsText(text: string): string {
  return Buffer.from(text).toString('latin1')
}
