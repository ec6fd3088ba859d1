import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { clockRecordSchema } from '../../clocks/clock-record.ts'
import { parseDetails } from '../parse-details.ts'

export const kindName = 'cosmos'

/** Throughput of its own, of a database or a container; neither: it has none, or shares its database's. */
const throughputSchema = z.union([z.object({ manual: z.int() }), z.object({ autoscaleMax: z.int() })])
export type Throughput = z.infer<typeof throughputSchema>

/** A stored procedure, trigger or function; its body by the hash that `bodies` has it under. */
const scriptSchema = z.object({
  id: z.string(),
  body: z.string(),
  /** of a trigger */
  triggerType: z.string().optional(),
  triggerOperation: z.string().optional(),
})

const containerSchema = z.object({
  name: z.string(),
  /** keys, indexing, expiry and whatever else the service tells of it, as it tells it */
  settings: z.record(z.string(), z.json()),
  throughput: throughputSchema.optional(),
  storedProcedures: z.array(scriptSchema),
  triggers: z.array(scriptSchema),
  userDefinedFunctions: z.array(scriptSchema),
})

const databaseSchema = z.object({
  name: z.string(),
  throughput: throughputSchema.optional(),
  containers: z.array(containerSchema),
})

const roleDefinitionSchema = z.object({
  name: z.string(),
  roleName: z.string(),
  permissions: z.json(),
  /** below the account; empty: the account itself */
  scopes: z.array(z.string()),
})

const roleAssignmentSchema = z.object({
  name: z.string(),
  /** GUID of the definition */
  role: z.string(),
  principalId: z.string(),
  /** below the account; empty: the account itself */
  scope: z.string(),
})

const accountSettingsSchema = z.object({
  /** what can be set below `properties`, as the service tells it; neither regions nor private endpoints */
  properties: z.record(z.string(), z.json()),
  tags: z.record(z.string(), z.string()),
  identity: z.object({ type: z.string(), userAssigned: z.array(z.string()) }),
  /** by priority: the first is written to */
  regions: z.array(z.object({ name: z.string(), zoneRedundant: z.boolean() })),
  /** ids of the private endpoints that lead to it, which a restore cannot make */
  privateEndpoints: z.array(z.string()),
  roleDefinitions: z.array(roleDefinitionSchema),
  roleAssignments: z.array(roleAssignmentSchema),
})

const detailsSchema = z.object({
  version: z.literal(1),
  /** of the account, as ARM names it */
  id: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DocumentDB\/databaseAccounts\/[^/]+$/i,
    ),
  /** of this very account: another of the same name has another */
  instanceId: z.string(),
  /** `scalar.db.contact_points`, without port and last slash */
  endpoint: z.string(),
  /** how long the past is kept: Continuous7Days and others like it */
  tier: z.string(),
  /** the clock of its data plane, by which the restore point is a time; absent where it could not be measured */
  clock: clockRecordSchema.optional(),
  /** the oldest moment that could be restored when the backup was made, RFC 3339 */
  restorableFrom: z.string().optional(),
  /** when the past will not reach back to the restore point any more, RFC 3339 */
  restorableUntil: z.string().optional(),
  settings: accountSettingsSchema,
  databases: z.array(databaseSchema),
  /** of scripts, by their SHA-256: every container of ScalarDB has the same */
  bodies: z.record(z.string(), z.string()),
})

export type Details = z.infer<typeof detailsSchema>
export type AccountSettings = z.infer<typeof accountSettingsSchema>
export type DatabaseSettings = z.infer<typeof databaseSchema>
export type ContainerSettings = z.infer<typeof containerSchema>
export type Script = z.infer<typeof scriptSchema>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(detailsSchema, entry)
}
