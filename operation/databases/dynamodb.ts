import * as z from 'zod'
import { foreignNamespaces } from '../foreign-namespaces.ts'
import type { FailureText } from '../failure.ts'
import type { DatabaseBackup, RestoredDatabase } from '../record.ts'
import type { RestoreChoice } from '../restore-options.ts'
import type { EndsPoint, KnownKind } from './kind.ts'
import { refuseFraction } from './refuse-choice.ts'

/** What plugin and worker both know of a DynamoDB backup's details: which tables it is of, and where. */
const detailsSchema = z.object({
  region: z.string(),
  account: z.string(),
  prefix: z.string(),
  metadataNamespace: z.string(),
  coordinatorNamespace: z.string(),
  coordinatorNamespaces: z.array(z.string()).optional(),
  tables: z.array(
    z.object({
      name: z.string(),
      id: z.string().optional(),
      materialized: z.object({ backupArn: z.string().optional() }).optional(),
      settings: z.object({ replicas: z.array(z.string()) }).optional(),
    }),
  ),
})

/** What the record of a restore in place says of the tables that it replaced, by name. */
const replacedSchema = z.object({ originals: z.record(z.string(), z.object({ id: z.string() })) })

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
  /** ids of tables of these names that the operation leaves alone */
  spared?: ReadonlySet<string>
}

/**
 * The tables that a restore in place replaces and `--drop-previous` deletes: all of a backup but ScalarDB's own two.
 */
export function tablesInService(entry: DatabaseBackup): TablesGoing | undefined {
  const details = dynamodbDetails(entry)
  if (details === undefined) return undefined
  const { account, region, prefix, metadataNamespace, tables } = details
  const own = [`${prefix}${metadataNamespace}.metadata`, `${prefix}${metadataNamespace}.namespaces`]
  return { account, region, names: new Set(tables.map(({ name }) => name).filter((name) => !own.includes(name))) }
}

/**
 * The tables that the undo of a restore in place deletes: those that the restore put under the names in service. The
 * former tables have other ids and stay, since the restore may have died before it deleted them all.
 * @param restored the details of the restore's record
 */
export function tablesPutInPlace(
  entry: DatabaseBackup,
  restored: RestoredDatabase['details'] | undefined,
): TablesGoing | undefined {
  const going = tablesInService(entry)
  const { originals = {} } = replacedSchema.safeParse(restored).data ?? {}
  return going && { ...going, spared: new Set(Object.values(originals).map(({ id }) => id)) }
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
 * Whether a point ends when these tables are deleted: it does where it is the past of one of them, which goes with the
 * table. What was materialized stays. Names tell the tables apart but for those that are spared: the past of an earlier
 * table of that name is gone already.
 */
export function endsWith(entry: DatabaseBackup, { account, region, names, spared }: TablesGoing): boolean {
  const details = dynamodbDetails(entry)
  if (details === undefined || details.account !== account || details.region !== region) return false
  return details.tables.some(
    ({ name, id, materialized }) =>
      materialized === undefined && names.has(name) && (id === undefined || spared?.has(id) !== true),
  )
}

/**
 * The namespace prefix of tables restored beside those in service: the user's, or the restore point in seconds before
 * the prefix of the backup, as ScalarDL's guide names restored tables. The time of an earlier restore gives way, so
 * that prefixes do not pile up.
 * @param chosen by the user
 * @param former the prefix of the tables that were backed up
 * @param pointMs the moment that is brought back, ms since the epoch
 */
export function restoredPrefix(chosen: string | undefined, former: string, pointMs: number): string {
  return chosen ?? `${Math.floor(pointMs / 1000)}-${former.replace(timePrefix, '')}`
}

/** What of global tables a restore beside them leaves to be done by hand, for people; empty where there are none. */
export function replicasLeftOut(
  tables: readonly { settings?: { replicas: readonly string[] } | undefined }[],
): string[] {
  const replicated = tables.flatMap(({ settings: { replicas = [] } = {} }) => (replicas.length === 0 ? [] : [replicas]))
  if (replicated.length === 0) return []
  const regions = [...new Set(replicated.flat())].sort().join(', ')
  return [
    `leave out the replicas of ${replicated.length} global tables in ${regions}, which no restore makes: ` +
      'add them to the restored tables yourself',
  ]
}

/** What is done to one DynamoDB, for people. */
function planLines(database: DatabaseBackup, choice: RestoreChoice | undefined): string[] {
  const title = `  ${database.title}: ${database.tables.length} tables`
  if (choice?.strategy === 'replace') {
    return [
      'Tables, replaced under their own names:',
      title,
      '  1. each restored to a temporary table and backed up, while the release serves',
      '  2. once EVERY backup is AVAILABLE: deleted, and restored from its backup; ' +
        'the release is stopped for this, some minutes to an hour',
      '  3. settings put on again and compared, temporary tables removed; the backups are kept as those of the point',
      ...othersLines(database),
    ]
  }
  const former = dynamodbDetails(database)?.prefix ?? ''
  const prefix = restoredPrefix(choice?.prefix, former, Date.parse(choice?.at ?? database.snapshotAt ?? ''))
  return [
    `Tables, restored beside those in service${choice?.region === undefined ? '' : ` in ${choice.region}`}:`,
    `${title}, under the prefix "${prefix}"`,
    ...replicasLeftOut(dynamodbDetails(database)?.tables ?? []).map((line) => `  ${line}`),
    choice?.repoint === 'print'
      ? '  the properties to set are shown; nothing that is in service changes'
      : "  then the namespace prefix is set in the releases' ConfigMaps; take it over into your Helm values",
    ...othersLines(database),
  ]
}

/** Tables that are not of the products whose backup it is. */
function othersLines(database: DatabaseBackup): string[] {
  const { storages, tables } = database
  const naming = dynamodbDetails(database)
  if (naming === undefined) return []
  const apps = storages.map((storage) => storage.split('/')[0] ?? storage)
  const foreign = foreignNamespaces(
    tables.map(({ schema }) => schema),
    { apps, system: [naming.metadataNamespace, naming.coordinatorNamespace, ...(naming.coordinatorNamespaces ?? [])] },
  )
  if (foreign.length === 0) return []
  return [
    `  the tables of ${foreign.map(({ namespace }) => namespace).join(', ')} go back as well: ` +
      'every release that uses them has to be named, or stopped',
  ]
}

/** Why these flags do not go together. */
function refuseChoice(choice: RestoreChoice): FailureText | undefined {
  const { strategy, prefix, repoint, region, unknownVersion } = choice
  const fraction = refuseFraction(choice, 'DynamoDB restores to whole seconds')
  if (fraction !== undefined) return fraction
  if (strategy !== 'replace') return undefined
  const given = { '--prefix': prefix, '--repoint': repoint, '--region': region, '--unknown-version': unknownVersion }
  const needless = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (needless.length === 0) return undefined
  return {
    what: `${needless.join(' and ')} cannot be used with --strategy replace`,
    why: 'replaced tables keep their names and their place',
    next: 'omit one of them',
  }
}

function endsWithTables(going: TablesGoing | undefined): EndsPoint | undefined {
  return going === undefined ? undefined : (entry) => endsWith(entry, going)
}

/** Amazon DynamoDB, by the past that it keeps of every table. */
export const dynamodb: KnownKind = {
  name: 'dynamodb',
  title: 'DynamoDB',
  storage: 'dynamo',
  keepsItsOwnBackups: true,
  flags: {
    backup: {
      table: "DynamoDB: table to back up in place of those that ScalarDB's metadata names, with its prefix, repeatable",
      materialize:
        'DynamoDB: turn the restore point into on-demand backups, ' +
        'which outlive the 35 days of point-in-time recovery and the tables',
    },
    doctor: {
      table: "DynamoDB: table to look for in place of those that ScalarDB's metadata names, repeatable",
    },
    restore: {
      strategy:
        'DynamoDB: prefix (unless given) restores tables beside those in service, under other names; ' +
        'replace deletes those in service, once backups of the restored are AVAILABLE',
      prefix: 'DynamoDB: namespace prefix of the restored tables; made of the restore point unless given',
      at:
        "DynamoDB: another moment than the backup's, RFC 3339 with an offset or UNIX seconds; " +
        'one in no recorded pause of the releases is unproven',
      repoint:
        "DynamoDB: patch (unless given) sets the prefix in the release's ConfigMap; " +
        'print shows what to set, and leaves the release alone',
      'unknown-version':
        "DynamoDB: the releases' ScalarDB is 3.7 or later, although image and labels do not tell; " +
        'one before ignores prefixes',
      region: 'DynamoDB: region to restore to, where not that of the backup',
      'kms-key': 'DynamoDB: ARN of the KMS key that encrypts the restored tables, where not that of the backup',
      'fence-for':
        'DynamoDB, --drop-previous: how long nobody can use the former tables, ' +
        'and the release has to stay ready, before they are deleted',
    },
  },
  examples: {
    backup: [
      [
        'backup my-ledger --materialize',
        'DynamoDB: a restore point, then backups of it that last until they are deleted',
      ],
    ],
    restore: [
      [
        'restore my-ledger-20261121-093000 --repoint print',
        'DynamoDB: restored tables beside those in service, and what to set to use them',
      ],
      ['restore my-ledger-20261121-093000 --strategy replace', 'DynamoDB: under the names that are in service'],
    ],
  },
  materializing: "Turn backups that are the past of DynamoDB's tables into on-demand backups, which outlive the tables",
  describePlace(property) {
    const prefix = property('dynamo.namespace.prefix')
    return `DynamoDB in ${property('contact_points')}${prefix === '' ? '' : `, prefix "${prefix}"`}`
  },
  keptNames: (entry) =>
    dynamodbDetails(entry)?.tables.flatMap(({ materialized }) => materialized?.backupArn ?? []) ?? [],
  refuseChoice,
  planLines,
  endsWithServed: (entry) => endsWithTables(tablesInService(entry)),
  endsWithUndo(entry, restored, isBeside) {
    const { strategy, prefix, region } = restored?.details ?? {}
    if (strategy === 'replace') return isBeside ? undefined : endsWithTables(tablesPutInPlace(entry, restored?.details))
    return isBeside && typeof prefix === 'string' && typeof region === 'string'
      ? endsWithTables(tablesBeside(entry, { prefix, region }))
      : undefined
  },
}
