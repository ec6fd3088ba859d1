import { dynamodbDetails, restoredPrefix } from '../../../operation/databases/dynamodb.ts'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { foreignNamespaces } from '../../../operation/foreign-namespaces.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'

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
      '  3. settings put on again and compared, temporary tables removed; the backups are kept as those of the point',
      ...othersLines(database),
    ]
  }
  const former = dynamodbDetails(database)?.prefix ?? ''
  const prefix = restoredPrefix(choice?.prefix, former, Date.parse(choice?.at ?? database.snapshotAt ?? ''))
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
function othersLines(database: DatabaseBackup): string[] {
  const { storages, tables } = database
  const naming = dynamodbDetails(database)
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
