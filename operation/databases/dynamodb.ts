import { z } from 'zod'
import type { DatabaseBackup } from '../record.ts'

/** What plugin and worker both know of a DynamoDB backup's details: which tables it is of, and where. */
const detailsSchema = z.object({
  region: z.string(),
  account: z.string(),
  prefix: z.string(),
  metadataNamespace: z.string(),
  coordinatorNamespace: z.string(),
  tables: z.array(z.object({ name: z.string(), materialized: z.object({}).optional() })),
})

/** A prefix that an earlier restore made: the seconds of its restore point. */
const timePrefix = /^\d{10}-/

/** What of a DynamoDB both programs know; undefined for an entry of another kind. */
export function dynamodbDetails({ kind, details }: Pick<DatabaseBackup, 'kind' | 'details'>) {
  return kind === 'dynamodb' ? detailsSchema.safeParse(details).data : undefined
}

/** Tables of one account and region that an operation deletes, by their physical names. */
export interface TablesGoing {
  account: string
  region: string
  names: ReadonlySet<string>
}

/** The tables of a backup that a restore in place replaces, and that `--drop-previous` deletes: all but ScalarDB's own two. */
export function tablesInService(entry: DatabaseBackup): TablesGoing | undefined {
  const details = dynamodbDetails(entry)
  if (details === undefined) return undefined
  const { account, region, prefix, metadataNamespace, tables } = details
  const own = [`${prefix}${metadataNamespace}.metadata`, `${prefix}${metadataNamespace}.namespaces`]
  return { account, region, names: new Set(tables.map(({ name }) => name).filter((name) => !own.includes(name))) }
}

/** The tables that a restore of a backup made beside those in service. */
export function tablesBeside(
  entry: DatabaseBackup,
  restored: { prefix: string; region: string },
): TablesGoing | undefined {
  const details = dynamodbDetails(entry)
  if (details === undefined) return undefined
  const { account, prefix, tables } = details
  const without = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name)
  const names = new Set(tables.map(({ name }) => restored.prefix + without(name)))
  return { account, region: restored.region, names }
}

/**
 * Whether a point ends when these tables are deleted: it does where it is the past of one of them, since that goes with the
 * table. What was materialized stays. Names are enough: of an earlier table of the name the past is gone already.
 */
export function endsWith(entry: DatabaseBackup, { account, region, names }: TablesGoing): boolean {
  const details = dynamodbDetails(entry)
  if (details === undefined || details.account !== account || details.region !== region) return false
  return details.tables.some(({ name, materialized }) => materialized === undefined && names.has(name))
}

/**
 * The namespace prefix that tables restored beside those in service get: the user's, or the restore point in seconds before
 * that of the backup, as ScalarDL's guide names restored tables. The time of an earlier restore gives way, so that prefixes
 * do not pile up.
 * @param chosen by the user
 * @param former the prefix of the tables that were backed up
 * @param pointMs the moment that is brought back, ms since the epoch
 */
export function restoredPrefix(chosen: string | undefined, former: string, pointMs: number): string {
  return chosen ?? `${Math.floor(pointMs / 1000)}-${former.replace(timePrefix, '')}`
}
