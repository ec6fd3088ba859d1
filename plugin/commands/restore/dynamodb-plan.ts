import { z } from 'zod'
import type { DatabaseBackup, OperationRecord } from '../../../operation/record.ts'
import { foreignNamespaces } from '../../../operation/foreign-namespaces.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import type { BackupRecord } from './find-record.ts'

/** What the plan needs of a DynamoDB backup's details; the worker, whose they are, checks the rest. */
const detailsSchema = z.object({
  region: z.string(),
  prefix: z.string(),
  metadataNamespace: z.string(),
  coordinatorNamespace: z.string(),
  tables: z.array(z.object({ name: z.string(), id: z.string(), materialized: z.object({}).optional() })),
})

export function isDynamodb({ kind }: Pick<DatabaseBackup, 'kind'>): boolean {
  return kind === 'dynamodb'
}

/** What is done to one DynamoDB, for people. */
export function dynamodbLines(database: DatabaseBackup, choice: RestoreChoice | undefined): string[] {
  const title = `  ${database.title}: ${database.tables.length} tables`
  if (choice?.strategy === 'replace') {
    return [
      'Tables, replaced under their own names:',
      title,
      '  1. each restored to a temporary table and backed up, while the release serves',
      '  2. once EVERY backup is AVAILABLE: deleted, and restored from its backup; the release is stopped for this, some minutes to an hour',
      '  3. settings put on again and compared, temporary tables removed; the backups are kept until --drop-previous',
      ...othersLines(database),
    ]
  }
  const seconds = Math.floor(Date.parse(choice?.at ?? database.snapshotAt ?? '') / 1000)
  const prefix = choice?.prefix ?? `${seconds}-`
  return [
    `Tables, restored beside those in service${choice?.region === undefined ? '' : ` in ${choice.region}`}:`,
    `${title}, under the prefix "${prefix}"`,
    choice?.repoint === 'print'
      ? '  the properties to set are shown; nothing that is in service changes'
      : "  then the namespace prefix is set in the releases' ConfigMaps; take it over into your Helm values",
    ...othersLines(database),
  ]
}

/** Tables that are not of the products whose backup it is. */
function othersLines({ details, storages, tables }: DatabaseBackup): string[] {
  const naming = detailsSchema.safeParse(details).data
  if (naming === undefined) return []
  const apps = storages.map((storage) => storage.split('/')[0] ?? storage)
  const foreign = foreignNamespaces(
    tables.map(({ schema }) => schema),
    { apps, system: [naming.metadataNamespace, naming.coordinatorNamespace] },
  )
  if (foreign.length === 0) return []
  return [
    `  the tables of ${foreign.map(({ namespace }) => namespace).join(', ')} go back as well: every release that uses them has to be named, or stopped`,
  ]
}

/**
 * Restore points that end when tables are deleted: of other backups that are nothing but the past of these very tables. A
 * table that is made anew has a past of its own.
 */
export function lostPoints(
  { operation, backup }: BackupRecord,
  {
    choice,
    dropPrevious,
    others = [],
  }: { choice?: RestoreChoice | undefined; dropPrevious: boolean; others?: readonly OperationRecord[] },
): string[] {
  const deletes = choice?.strategy === 'replace' || (dropPrevious && backup.databases.some(isDynamodb))
  if (!deletes) return []
  const going = new Set(backup.databases.flatMap(pastTables))
  const names = others.flatMap((other) => {
    const stays =
      other.operation === operation ||
      other.backup === undefined ||
      !['recorded', 'restorable'].includes(other.backup.state)
    return stays || !other.backup?.databases.some((database) => pastTables(database).some((id) => going.has(id)))
      ? []
      : [other.backup.name]
  })
  const own = `every other restore point of these tables: their past is deleted with them`
  if (names.length === 0) return [own]
  return [
    `${own}, and so are the backups ${names.join(', ')}`,
    `to keep one, restore it under a prefix first, or take backups with --materialize, which outlive their tables`,
  ]
}

/** Ids of the tables whose past is all that a backup is made of. */
function pastTables(database: DatabaseBackup): string[] {
  const details = isDynamodb(database) ? detailsSchema.safeParse(database.details).data : undefined
  return (details?.tables ?? []).flatMap(({ id, materialized }) => (materialized === undefined ? [id] : []))
}
