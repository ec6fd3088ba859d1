import * as z from 'zod'
import type { BackupTable, DatabaseBackup } from '../../../operation/record.ts'
import { parseDetails } from '../parse-details.ts'

/** The details of a MySQL or MariaDB backup's record. */
const detailsSchema = z.object({
  version: z.literal(1),
  product: z.enum(['MySQL', 'MariaDB']),
  /** as the server said it: 8.0.15 */
  serverVersion: z.string(),
  major: z.int(),
  minor: z.int(),
  schemas: z.array(z.object({ name: z.string(), charset: z.string(), collation: z.string() })),
  /** of the columns; a server to restore into has to know them */
  collations: z.array(z.string()),
  /** size of the tables on the server's disk, bytes */
  tableBytes: z.int(),
  /** the longest statement of the dump, bytes: what max_allowed_packet has to let through */
  longestStatement: z.int(),
  manifestSha256: z.string(),
})
export type Details = z.infer<typeof detailsSchema>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(detailsSchema, entry)
}

/** Where a dump has a table: how it is created, and its rows. The number keeps names apart that look alike as files. */
export function filesOf(index: number, { schema, name }: Pick<BackupTable, 'schema' | 'name'>) {
  const path = `${index + 1}-${`${schema}.${name}`.replace(/[^\w.-]/g, '_').slice(0, 80)}`
  return { definition: `${path}.create.sql`, rows: `${path}.rows.sql.zst` }
}
