import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { clockRecordSchema } from '../../clocks/clock-record.ts'
import { parseDetails } from '../parse-details.ts'
import { settingsSchema } from './servers/settings.ts'

const detailsSchema = z.object({
  version: z.literal(1),
  /** of the server in Azure, which another may have once it is deleted */
  id: z.string(),
  /** when this very server was made, RFC 3339: another of the same name was made at another time */
  createdAt: z.string(),
  /** its host, which the release names or an alias of it */
  host: z.string(),
  port: z.int(),
  /** of the database server, by which the restore point is a time; absent where it could not be measured */
  clock: clockRecordSchema.optional(),
  /** the oldest moment that could be restored when the backup was made, RFC 3339 */
  restorableFrom: z.string().optional(),
  /** when the past will not reach back to the restore point any more, RFC 3339 */
  restorableUntil: z.string().optional(),
  settings: settingsSchema,
})
export type Details = z.infer<typeof detailsSchema>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(detailsSchema, entry)
}
