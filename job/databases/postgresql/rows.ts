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

/** The command that gives out the rows of one table. */
export function copyOut(table: CopiedTable, encoding: string): string {
  return `COPY ${quoted(table)}${columnsOf(table)} TO STDOUT WITH (ENCODING ${escapeLiteral(encoding)})`
}

/**
 * The command that takes the rows of one table.
 * @param frozen whether no transaction will ever have to look who wrote them and whether that is over: for a table that
 *   this transaction made, or emptied by TRUNCATE
 */
export function copyIn(table: CopiedTable, encoding: string, { frozen }: { frozen: boolean }): string {
  const options = [`ENCODING ${escapeLiteral(encoding)}`, ...(frozen ? ['FREEZE'] : [])]
  return `COPY ${quoted(table)}${columnsOf(table)} FROM STDIN WITH (${options.join(', ')})`
}

type CopiedTable = Pick<TableFile, 'schema' | 'name' | 'columns'>

/** Columns are named: those that the server generates are not among them. */
function columnsOf({ columns }: CopiedTable): string {
  return columns.length === 0 ? '' : ` (${columns.map(escapeIdentifier).join(', ')})`
}
