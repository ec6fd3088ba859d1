import { escapeIdentifier, escapeLiteral } from 'pg'
import * as z from 'zod'
import { quoted } from './tables.ts'

/** The list of the files with rows, in a dump's own folder; absent in dumps of 0.1, whose rows pg_dump wrote. */
export const rowsList = 'rows.json'

/** What a dump has of one table. */
const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(z.string()),
  /** from the dump's own folder; rows as COPY writes them, compressed by zstd */
  file: z.string(),
})
export type TableFile = z.infer<typeof tableSchema>

export const rowsListSchema = z.object({
  version: z.literal(1),
  /** of the rows: the server's own, so that nothing is converted */
  encoding: z.string(),
  tables: z.array(tableSchema),
})
export type RowsList = z.infer<typeof rowsListSchema>

/** Where a table's rows go. The number keeps names apart that look alike as files. */
export function fileOf(index: number, { schema, name }: Pick<TableFile, 'schema' | 'name'>): string {
  return `rows/${index + 1}-${`${schema}.${name}`.replace(/[^\w.-]/g, '_').slice(0, 80)}.copy.zst`
}

/**
 * The command that gives out the rows of one table, or takes them. Columns are named: those that the server generates
 * are not among them.
 */
export function copyCommand(
  table: Pick<TableFile, 'schema' | 'name' | 'columns'>,
  direction: 'TO STDOUT' | 'FROM STDIN',
  encoding: string,
): string {
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map(escapeIdentifier).join(', ')})`
  return `COPY ${quoted(table)}${columns} ${direction} WITH (ENCODING ${escapeLiteral(encoding)})`
}
