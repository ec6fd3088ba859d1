import type { DatabaseBackup, RestoredDatabase } from '../../operation/record.ts'
import { kindOfEntry } from '../../operation/databases/registry.ts'
import type { DatabaseFlags, Target, TargetRelease } from '../../operation/request.ts'
import { Failure } from '../../operation/failure.ts'
import type {
  BackupContext,
  BackupSource,
  RestoreContext,
  RestoredData,
  RestoreDestination,
  UndoContext,
} from '../databases/database.ts'
import type { StorageSettings } from '../scalardb/storage-settings.ts'
import { locateDatabases, recogniser, type DatabaseGroup, type Recogniser } from '../databases/open.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { readSettings } from '../scalardb/settings.ts'

/** A database being backed up, and the folder of its dump below the backup's own. */
export interface OpenSource {
  source: BackupSource
  folder: string
}

/** The storages that the target's releases name, each with its release's name. */
export function storagesOf(target: Target): StorageSettings[] {
  return target.releases.flatMap((release) =>
    readSettings(release, process.env).map((settings) => ({
      ...settings,
      storage: `${ownerOf(release, target)}/${settings.storage}`,
    })),
  )
}

/**
 * Every database behind the target's releases, each once, however many storages and releases use it.
 * @param entries of the backup that is to be restored; none where there is none yet
 * @throws Failure where a database cannot be asked which it is; the signal's reason
 */
export async function databasesOf(
  target: Target,
  entries: readonly DatabaseBackup[],
  signal: AbortSignal,
): Promise<DatabaseGroup[]> {
  return await locateDatabases(storagesOf(target), recogniser(flagsOfBackup(target, entries)), signal)
}

/**
 * The same, found once for an operation: a worker that is started again goes on with the same databases, even where
 * they cannot be asked any more.
 */
export async function databasesOnce(
  target: Target,
  { journal, signal }: Pick<OperationContext<'backup'>, 'journal' | 'signal'>,
): Promise<DatabaseGroup[]> {
  const storages = storagesOf(target)
  const kindOf = recogniser(target.databases)
  let found: DatabaseGroup[] | undefined
  const located = await journal.once('locate databases', async () => {
    found = await locateDatabases(storages, kindOf, signal)
    return found.map(({ settings }) => settings.map(({ storage }) => storage))
  })
  return found ?? located.flatMap((names) => named(storages, names, kindOf))
}

/**
 * The databases of a backup as the releases reach them now. Half-way through a restore that changes properties, these
 * do not tell which storages were one database; the backup does.
 * @throws Failure where a database cannot be asked which it is; the signal's reason
 */
export async function databasesBackedUp(
  target: Target,
  entries: readonly DatabaseBackup[],
  signal: AbortSignal,
): Promise<DatabaseGroup[]> {
  const storages = storagesOf(target)
  const kindOf = recogniser(flagsOfBackup(target, entries))
  const repointed = storages.filter((one) => kindOf(one).capabilities.restoreEndsIn === 'repoint')
  const backedUp = entries.flatMap((entry) =>
    named(
      repointed.filter((one) => kindOf(one).name === entry.kind),
      entry.storages,
      kindOf,
    ),
  )
  const known = new Set(backedUp.flatMap(({ settings }) => settings))
  const others = storages.filter((one) => !known.has(one))
  return [...backedUp, ...(await locateDatabases(others, kindOf, signal))]
}

/** What flags say of the databases of a backup: whose service a server was said to be then, it still is. */
function flagsOfBackup({ databases = {} }: Target, entries: readonly DatabaseBackup[]): DatabaseFlags {
  const managed = entries.map((entry) => kindOfEntry(entry)).find((kind) => kind?.isManaged === true)
  return managed === undefined ? databases : { ...databases, managed: managed.name }
}

/** The storages of these names, known to be one database; undefined where there are none. */
function named(storages: readonly StorageSettings[], names: readonly string[], kindOf: Recogniser): DatabaseGroup[] {
  const settings = storages.filter(({ storage }) => names.includes(storage))
  return settings.slice(0, 1).map((first) => ({ kind: kindOf(first), settings }))
}

/**
 * The name before a storage's own in a backup, as in "ledger/default": Ledger and Auditor both call their storage
 * "default". It is the product, since the release may have another name where the backup is restored. Only several
 * releases of one product need their own names.
 */
export function ownerOf(release: TargetRelease, target: Target): string {
  const alone = target.releases.filter((other) => other.app === release.app).length === 1
  return alone ? release.app : `${release.app}/${release.name}`
}

/** Opens each database for a backup; nothing is connected yet. */
export function openSources(databases: readonly DatabaseGroup[], context: BackupContext): OpenSource[] {
  return databases.map(({ kind, settings }, index) => ({
    source: kind.openBackup(settings, context),
    folder: `${kind.name}-${index + 1}`,
  }))
}

/**
 * Opens, for each database of a backup, the database that its storages use now, to restore into it.
 * @throws Failure where the releases' properties and the backup name different storages
 */
export function openDestinations(
  databases: readonly DatabaseGroup[],
  entries: readonly DatabaseBackup[],
  context: RestoreContext,
): RestoreDestination[] {
  refuseSurplus(databases, entries)
  return entries.map((entry) => {
    const { kind, settings } = databaseOf(databases, entry)
    return kind.openRestore(settings, entry, context)
  })
}

/**
 * The same, to undo a restore or to drop what it left.
 * @param former what the restore left of each, in the order of the entries
 */
export function openRestored(
  databases: readonly DatabaseGroup[],
  entries: readonly DatabaseBackup[],
  former: readonly RestoredDatabase[],
  context: Omit<UndoContext, 'former'>,
): RestoredData[] {
  refuseSurplus(databases, entries)
  return entries.map((entry, index) => {
    const { kind, settings } = databaseOf(databases, entry)
    const left = former[index]
    if (left === undefined) throw mismatch(`the record of the restore tells nothing of ${entry.title}`)
    return kind.openUndo(settings, entry, { ...context, former: left })
  })
}

function refuseSurplus(databases: readonly DatabaseGroup[], entries: readonly DatabaseBackup[]): void {
  const surplus = databases.filter((database) => !entries.some((entry) => sameStorages(database.settings, entry)))
  if (surplus.length > 0)
    throw mismatch(`the releases use ${surplus.map(titleOf).join(' and ')}, of which the backup has nothing`)
}

/** The database that a backup's storages use now. @throws Failure where the releases' properties name none */
export function databaseOf(databases: readonly DatabaseGroup[], entry: DatabaseBackup): DatabaseGroup {
  const database = databases.find(
    (candidate) => candidate.kind.name === entry.kind && sameStorages(candidate.settings, entry),
  )
  if (database !== undefined) return database
  throw mismatch(
    `the backup has ${entry.title} (storages ${entry.storages.join(', ')}), ` +
      "which none of the releases' properties name",
  )
}

function sameStorages(settings: readonly StorageSettings[], entry: DatabaseBackup): boolean {
  const now = new Set(settings.map((one) => one.storage))
  return now.size === new Set(entry.storages).size && entry.storages.every((storage) => now.has(storage))
}

function titleOf(database: DatabaseGroup): string {
  return `storage ${database.settings.map((one) => one.storage).join(', ')}`
}

function mismatch(why: string): Failure {
  return new Failure({
    what: 'the backup does not fit the releases',
    why,
    next:
      'restore into releases whose scalar.db.storage and scalar.db.multi_storage properties name the same ' +
      'storages, all of the releases of the backup at once',
  })
}
