import * as z from 'zod'
import { clockRecordSchema } from '../../clocks/clock-record.ts'

/** What the record keeps of an instance or a cluster, beside its name and its settings. */
export const commonDetails = {
  version: z.literal(1),
  region: z.string(),
  account: z.string(),
  /** of this very one: another of the same name has another */
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
}
const commonSchema = z.object(commonDetails)

/** As they are read from the record. */
export type Details<Settings> = z.infer<typeof commonSchema> & {
  /** the name, which another may have once this one is deleted */
  source: string
  settings: Settings
}
