import type { DatabaseBackup, RestoredDatabase } from '../../operation/record.ts'
import type { Target, TargetRelease } from '../../operation/request.ts'
import { Failure } from '../../operation/failure.ts'
import type { BackupSource, DatabaseContext, RestoreDestination } from '../databases/database.ts'
import type { StorageSettings } from '../scalardb/storage-settings.ts'
import { groupByDatabase, type DatabaseGroup } from '../databases/open.ts'
import { readSettings } from '../scalardb/settings.ts'

/** A database being backed up, and the folder of its dump below the backup's own. */
export interface OpenSource {
  source: BackupSource
  folder: string
}

/** Every database behind the target's releases, each once however many storages and releases live in it. */
export function databasesOf(target: Target): DatabaseGroup[] {
  return groupByDatabase(
    target.releases.flatMap((release) =>
      readSettings(release, process.env).map((settings) => ({
        ...settings,
        storage: `${ownerOf(release, target)}/${settings.storage}`,
      })),
    ),
  )
}

/**
 * Ledger and Auditor both call their storage "default", so a backup knows it as "ledger/default". The product and not the
 * release's name, which may be another in the cluster that restores; only several releases of one product need theirs.
 */
export function ownerOf(release: TargetRelease, target: Target): string {
  const alone = target.releases.filter((other) => other.app === release.app).length === 1
  return alone ? release.app : `${release.app}/${release.name}`
}

/** Opens each database for a backup; nothing is connected yet. */
export function openSources(databases: readonly DatabaseGroup[], context: DatabaseContext): OpenSource[] {
  return databases.map(({ kind, settings }, index) => ({
    source: kind.backup(settings, context),
    folder: `${kind.name}-${index + 1}`,
  }))
}

/**
 * Opens, for each database of a backup, the one that its storages live in now.
 * @param former what an earlier restore left of each, in the order of the entries, where that is to be undone or removed
 * @param begun whether the releases may have been pointed to restored data already, some of them or all
 * @throws Failure where the releases' properties and the backup do not tell of the same storages.
 */
export function openDestinations(
  databases: readonly DatabaseGroup[],
  entries: readonly DatabaseBackup[],
  context: DatabaseContext,
  former: readonly RestoredDatabase[] = [],
  begun = former.length > 0,
): RestoreDestination[] {
  const present = begun ? asBackedUp(databases, entries) : databases
  const surplus = present.filter((database) => !entries.some((entry) => sameStorages(database.settings, entry)))
  if (surplus.length > 0)
    throw mismatch(`the releases use ${surplus.map(titleOf).join(' and ')}, of which the backup has nothing`)
  return entries.map((entry, index) => {
    const { kind, settings } = databaseOf(present, entry)
    const left = former[index]
    return kind.restore(settings, entry, left === undefined ? context : { ...context, former: left })
  })
}

/** While a restore is put in service by properties these do not tell which storages were one database; the backup does. */
function asBackedUp(databases: readonly DatabaseGroup[], entries: readonly DatabaseBackup[]): DatabaseGroup[] {
  const backedUp = entries.flatMap((entry) => {
    const parts = databases.filter(({ kind }) => kind.name === entry.kind && kind.switchedByProperties === true)
    const settings = parts.flatMap((part) => part.settings).filter(({ storage }) => entry.storages.includes(storage))
    return parts.slice(0, 1).map(({ kind }) => ({ kind, settings }))
  })
  const known = new Set(backedUp.flatMap(({ settings }) => settings.map(({ storage }) => storage)))
  const others = databases.map(({ kind, settings }) => ({
    kind,
    settings: settings.filter(({ storage }) => !known.has(storage)),
  }))
  return [...backedUp, ...others].filter(({ settings }) => settings.length > 0)
}

/** The database that a backup's storages live in now. @throws Failure where the releases' properties name none */
export function databaseOf(databases: readonly DatabaseGroup[], entry: DatabaseBackup): DatabaseGroup {
  const database = databases.find(
    (candidate) => candidate.kind.name === entry.kind && sameStorages(candidate.settings, entry),
  )
  if (database !== undefined) return database
  throw mismatch(
    `the backup has ${entry.title} (storages ${entry.storages.join(', ')}), which none of the releases' properties name`,
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
    next: 'restore into releases whose scalar.db.storage and scalar.db.multi_storage properties name the same storages, all of the releases of the backup at once',
  })
}
