import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { clockRecordSchema } from '../../clocks/clock-record.ts'
import { parseDetails } from '../parse-details.ts'
import { settingsSchema } from './instances/settings.ts'

export const kindName = 'rds'

const detailsSchema = z.object({
  version: z.literal(1),
  region: z.string(),
  account: z.string(),
  /** the name of the instance, which another may have once it is deleted */
  instance: z.string(),
  /** of this very instance: another of the same name has another */
  resourceId: z.string(),
  /** its endpoint, which the release names or an alias of it */
  host: z.string(),
  port: z.int(),
  /** of the database server, by which the restore point is a time; absent where it could not be measured */
  clock: clockRecordSchema.optional(),
  /** the oldest moment that could be restored when the backup was made, RFC 3339 */
  restorableFrom: z.string().optional(),
  /** when the past will not reach back to the restore point any more, RFC 3339 */
  restorableUntil: z.string().optional(),
  /** the VPC that it was in; absent in older records */
  network: z.string().optional(),
  settings: settingsSchema,
})
export type Details = z.infer<typeof detailsSchema>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(detailsSchema, entry)
}
