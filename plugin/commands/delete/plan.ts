import type { Session } from '../../kubernetes/api/session.ts'
import type { BackupPart, DatabaseBackup, OperationRecord } from '../../../operation/record.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import { Failure, type FailureText } from '../../../operation/failure.ts'
import { neededBy } from '../../../operation/outcome/backup-in-use.ts'
import { kindOfEntry } from '../../../operation/databases/registry.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'
import { eachOperation, findOperation } from '../../kubernetes/records/operations.ts'
import { isKeptByService, placeOf } from '../../presentation/backup-place.ts'
import { formatBytes, shortName } from '../../presentation/operation-columns.ts'

/** One backup that is to be deleted, and what goes with it. */
export interface Deletion {
  name: string
  operation: string
  releases: string[]
  /** undefined where it cannot be read */
  record: OperationRecord | undefined
  /** where its data is; undefined where no data is known */
  location: string | undefined
  /** where it stays with --keep-data, for a later import */
  keptAt: string | undefined
  /** backups that databases' services keep of it, which are deleted too */
  serviceBackups: number
  /** what will be lost, lines for people */
  loss: string[]
}

function lossOf(stored: StoredRecord): string[] {
  const { record } = stored
  if (record === undefined) return [`a record that cannot be read: ${stored.problem.why}`]
  const { backup } = record
  const bytes = backup?.databases.flatMap((database) => database.bytes ?? []).reduce((sum, bytes) => sum + bytes, 0)
  return [
    `${backup?.state ?? record.state} backup of ${record.releases.join(', ') || 'no release'}, ` +
      `made ${record.createdAt}`,
    ...(backup?.restorePoint === undefined ? [] : [`restore point ${backup.restorePoint}`]),
    ...(backup?.databases.map((database) => `${database.title}: ${database.tables.length} tables`) ?? []),
    ...(backup?.location === undefined
      ? []
      : [`data at ${backup.location}${bytes === undefined || bytes === 0 ? '' : `, ${formatBytes(bytes)}`}`]),
    ...(backup?.databases.flatMap(({ folder }) => (folder === undefined ? [] : [`  folder ${folder}`])) ?? []),
    ...(backup?.databases.filter(isKeptByService) ?? []).flatMap(keptLines),
    ...(backup?.copies ?? []).map((copy) => `its copy at ${copy} stays`),
    ...(placeOf(backup) === undefined ? ['no data is known of it'] : []),
  ]
}

function keptLines(entry: DatabaseBackup): string[] {
  const { title, serviceBackups = 0 } = entry
  const kind = kindOfEntry(entry)
  if (kind?.needsCommand === true)
    return [
      `${title}: the knowledge of what your own tool has made, which stays`,
      ...(kind.keptNames?.(entry) ?? []).map((name) => `  ${name}`),
    ]
  if (serviceBackups === 0) return [`${title}: the knowledge of the point alone; its tables and their past stay`]
  const names = kind?.keptNames?.(entry) ?? []
  const what = kind?.materializing === undefined ? 'snapshots' : 'on-demand backups'
  return [`${title}: ${serviceBackups} ${what}`, ...names.map((name) => `  ${name}`)]
}

function serviceBackupsOf(backup: BackupPart | undefined): number {
  return backup?.databases.reduce((sum, { serviceBackups = 0 }) => sum + serviceBackups, 0) ?? 0
}

/** Why backups must stay for now, by their operations: of the namespace's records each is looked at as it comes. */
async function needsOf(session: Session, backups: readonly StoredRecord[]): Promise<Map<string, FailureText>> {
  const needs = new Map<string, FailureText>()
  for await (const { record: other } of eachOperation(session, {})) {
    if (other === undefined) continue
    for (const { operation, record } of backups) {
      const needed = neededBy({ operation, releases: record?.releases ?? [] }, [other])
      if (needed !== undefined && !needs.has(operation)) needs.set(operation, needed)
    }
  }
  return needs
}

/**
 * What deleting these backups means; nothing is changed yet.
 * @throws Failure where one does not exist, is still being made or needed, or cannot be read while its data is to go
 */
export async function planDeletion(session: Session, names: readonly string[], keepData: boolean): Promise<Deletion[]> {
  const found = await Promise.all([...new Set(names)].map((name) => findOperation(session, name, 'backup')))
  const needs = await needsOf(session, found)
  return found.map((stored): Deletion => {
    const { record, operation } = stored
    const refuse = (why: string, next: string) => new Failure({ what: `${operation} cannot be deleted`, why, next })
    if (record !== undefined && !isFinal(record))
      throw refuse('it has not ended', `end it first with \`kubectl scalardl cancel ${operation}\``)
    if (record === undefined && !keepData)
      throw refuse(
        `where its data is cannot be read: ${stored.problem.why}`,
        'use a newer kubectl-scalardl, or give --keep-data to forget the record alone',
      )
    const needed = needs.get(operation)
    if (needed !== undefined) throw new Failure(needed)
    return {
      name: shortName(stored),
      operation,
      releases: record?.releases ?? [],
      record,
      location: keepData ? undefined : record?.backup?.location,
      keptAt: record?.backup?.location,
      serviceBackups: keepData ? 0 : serviceBackupsOf(record?.backup),
      loss: lossOf(stored),
    }
  })
}
