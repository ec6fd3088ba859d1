import type { Session } from '../session.ts'
import { identifier } from '../tables.ts'

/** Functions by which the time zone of the session decides, whatever columns they are given. */
const byZone = /\b(from_unixtime|unix_timestamp)\(/

interface Row {
  schema: string
  table: string
  name: string
  type: string
  extra: string
  key: string
  expression: string
}

/**
 * Columns whose values a load would not bring back: it computes them anew, in UTC, and what is stored, in the row or in
 * an index, was computed in the time zone of the session that wrote it. A virtual column without an index is computed
 * by whoever reads it.
 * @returns SCHEMA.TABLE.COLUMN
 */
export async function zonedColumns(session: Session, schemas: readonly string[]): Promise<string[]> {
  if (schemas.length === 0) return []
  const rows = await session.query<Row>(
    `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS \`table\`, COLUMN_NAME AS name, DATA_TYPE AS type, EXTRA AS extra,
       COLUMN_KEY AS \`key\`, coalesce(GENERATION_EXPRESSION, '') AS expression
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (?)
       AND (DATA_TYPE = 'timestamp' OR coalesce(GENERATION_EXPRESSION, '') <> '')
     ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,
    [schemas],
  )
  const found: string[] = []
  for (const columns of Map.groupBy(rows, ({ schema, table }) => `${schema}.${table}`).values()) {
    // Those whose value as a text depends on the zone; an expression knows the generated columns before its own.
    const zoned: string[] = []
    for (const { schema, table, name, extra, key, expression } of columns) {
      const isGenerated = expression !== ''
      const isZoned = byZone.test(expression) || zoned.some((other) => expression.includes(identifier(other)))
      if (isGenerated && isZoned && (extra.includes('STORED') || key !== '')) found.push(`${schema}.${table}.${name}`)
      if (!isGenerated || isZoned) zoned.push(name)
    }
  }
  return found
}
