// Room: the settings of a table that a restore forgets: read, compared, put on again.
// Read table-settings, read-settings, reapply-settings, compare-settings.

import * as z from 'zod'

const throughput = z.object({ readUnits: z.int(), writeUnits: z.int() })
/** highest request units; -1 or absent: none is set */
const onDemandLimit = z.object({ maxReadUnits: z.int().optional(), maxWriteUnits: z.int().optional() })
const keySchema = z.array(z.object({ attribute: z.string(), type: z.enum(['HASH', 'RANGE']) }))
const projection = z.object({
  type: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
  attributes: z.array(z.string()).optional(),
})

const globalIndex = z.object({
  name: z.string(),
  keySchema,
  projection,
  /** of a provisioned table */
  throughput: throughput.optional(),
  onDemandLimit: onDemandLimit.optional(),
  contributorInsights: z.string().optional(),
})

/** One target of Application Auto Scaling: reads or writes, of the table or of one of its indexes. */
const scalableTarget = z.object({
  /** absent: the table itself */
  index: z.string().optional(),
  /** dynamodb:table:ReadCapacityUnits and the like */
  dimension: z.string(),
  minCapacity: z.int(),
  maxCapacity: z.int(),
  roleArn: z.string().optional(),
  /** which scaling is suspended, as AWS has it */
  suspended: z.record(z.string(), z.json()).optional(),
  policies: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      /** as AWS has it, for that type */ configuration: z.record(z.string(), z.json()),
    }),
  ),
  /** as AWS has them, times in RFC 3339 */
  scheduledActions: z.array(z.record(z.string(), z.json())),
})

/**
 * Everything that can be set of a table and that a client, a bill or an auditor would notice if it were lost. The lists
 * are sorted by name, so that two tables set alike have equal settings.
 */
export const tableSettingsSchema = z.object({
  keySchema,
  attributes: z.array(z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) })),
  billingMode: z.enum(['PROVISIONED', 'PAY_PER_REQUEST']),
  /** of a provisioned table */
  throughput: throughput.optional(),
  onDemandLimit: onDemandLimit.optional(),
  globalIndexes: z.array(globalIndex),
  localIndexes: z.array(z.object({ name: z.string(), keySchema, projection })),
  autoscaling: z.array(scalableTarget),
  /** how many days back, 35 unless set */
  pointInTimeRecovery: z.object({ periodDays: z.int().optional() }).optional(),
  /** attribute that holds the time of expiry */
  timeToLive: z.string().optional(),
  /** absent: no stream */
  streamView: z.string().optional(),
  kinesisStreams: z.array(z.object({ arn: z.string(), precision: z.string().optional() })),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  /** absent: the key that DynamoDB owns */
  kmsKey: z.string().optional(),
  tableClass: z.string(),
  deletionProtection: z.boolean(),
  /** JSON text */
  resourcePolicy: z.string().optional(),
  /** absent: off */
  contributorInsights: z.string().optional(),
  /** regions of further replicas of a global table; a restore makes none, so they are only told of */
  replicas: z.array(z.string()),
  /** settings that could not be read, with the reason; nothing can be said or done of them */
  unread: z.array(z.object({ setting: z.string(), why: z.string() })),
})

export type TableSettings = z.infer<typeof tableSettingsSchema>
export type ScalableTargetSettings = z.infer<typeof scalableTarget>
export type GlobalIndexSettings = z.infer<typeof globalIndex>
export type LocalIndexSettings = TableSettings['localIndexes'][number]
