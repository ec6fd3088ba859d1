import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { clockRecordSchema } from '../../clocks/clock-record.ts'
import { parseDetails } from '../parse-details.ts'
import { tableSettingsSchema } from './settings/table-settings.ts'

export const kindName = 'dynamodb'

const tableSchema = z.object({
  /** physical name, with the prefix */
  name: z.string(),
  namespace: z.string(),
  table: z.string(),
  arn: z.string(),
  /** of this very table: another of the same name has another */
  id: z.string(),
  /** as DynamoDB counts them every six hours or so */
  items: z.int(),
  bytes: z.int(),
  settings: tableSettingsSchema,
  /** an on-demand backup of the restore point, which outlives the window of recovery and the table */
  materialized: z
    .object({
      backupArn: z.string(),
      bytes: z.int(),
      /** the restore that made it on its way; absent: made for the backup */
      madeBy: z.string().optional(),
    })
    .optional(),
})

/** The details of a DynamoDB backup's record. What is in another account or region than the rest is no part of it. */
const detailsSchema = z
  .object({
    version: z.literal(1),
    region: z.string(),
    account: z.string(),
    /** `scalar.db.dynamo.endpoint_override` */
    endpoint: z.string().optional(),
    /** `scalar.db.dynamo.namespace.prefix`; empty where there is none */
    prefix: z.string(),
    /** of ScalarDB's own tables, without the prefix */
    metadataNamespace: z.string(),
    coordinatorNamespace: z.string(),
    /** of all storages, where they have several */
    coordinatorNamespaces: z.array(z.string()).optional(),
    /** AWS's clock, by which the restore point is a time; absent where it could not be measured */
    clock: clockRecordSchema.optional(),
    /**
     * the oldest moment that could be restored when the backup was made: how far back each table's window reached; RFC
     * 3339
     */
    restorableFrom: z.string().optional(),
    /**
     * when the first table's window of recovery will have moved past the restore point: then only materialised backups
     * bring it back; RFC 3339
     */
    restorableUntil: z.string().optional(),
    tables: z.array(tableSchema),
  })
  .refine(
    ({ region, account, tables }) =>
      tables.every(({ name, arn, materialized }) => {
        const own = new RegExp(
          `^arn:aws[a-z-]*:dynamodb:${RegExp.escape(region)}:${RegExp.escape(account)}:table/([^/]+)(/backup/[^/]+)?$`,
        )
        const isOwn = (text: string, table?: string) => {
          const [, found, backup] = own.exec(text) ?? []
          return table === undefined ? backup !== undefined : found === table && backup === undefined
        }
        return isOwn(arn, name) && (materialized === undefined || isOwn(materialized.backupArn))
      }),
    { error: 'it names a table or backup of another account, region or name' },
  )
export type Details = z.infer<typeof detailsSchema>
export type BackedUpTable = z.infer<typeof tableSchema>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(detailsSchema, entry)
}
