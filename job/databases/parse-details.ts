import * as z from 'zod'
import { Failure } from '../../operation/failure.ts'
import type { DatabaseBackup } from '../../operation/record.ts'

/**
 * What a database wrote of a backup into its record.
 * @param schema of the details of this kind of database
 * @throws Failure where the record's entry is of a newer version, or damaged
 */
export function parseDetails<T>(schema: z.ZodType<T>, entry: DatabaseBackup): T {
  const parsed = schema.safeParse(entry.details)
  if (parsed.success) return parsed.data
  throw new Failure({
    what: `the backup of ${entry.title} cannot be used`,
    why: `its record does not tell enough: ${z.prettifyError(parsed.error).replaceAll('\n', '; ')}`,
    next: 'use the version of kubectl-scalardl that made the backup, or a newer one',
  })
}
