import { Failure } from '../../operation/failure.ts'
import type { DatabaseKind, Place } from './database.ts'
import type { StorageSettings } from '../scalardb/storage-settings.ts'
import type { DatabaseFlags } from '../../operation/request.ts'
import { databaseKinds } from './registry.ts'

/** One database, its kind, and the storages of ScalarDB that live in it. */
export interface DatabaseGroup extends Place {
  kind: DatabaseKind
}

/** The kind of database that a storage is. */
export type Recogniser = (settings: StorageSettings) => DatabaseKind

/**
 * The databases behind a number of storages, each once, in the order of their first storages.
 * @param kindOf tells which kind a storage is of
 * @throws Failure where a storage is of no known kind, and where one cannot be located; the signal's reason
 */
export async function locateDatabases(
  settings: readonly StorageSettings[],
  kindOf: Recogniser,
  signal: AbortSignal,
): Promise<DatabaseGroup[]> {
  const located = await Promise.all(
    [...Map.groupBy(settings, kindOf)].map(async ([kind, own]) =>
      (await kind.locate(own, signal)).map((place) => ({ kind, ...place })),
    ),
  )
  const order = ({ settings: [first] }: Place) => (first === undefined ? -1 : settings.indexOf(first))
  return located.flat().sort((a, b) => order(a) - order(b))
}

/**
 * Tells which kind a storage is of: the first of `kinds` that recognises it.
 * @throws Failure (when it is called) for a storage of a kind that this version knows not how to back up
 */
export function recogniser(flags: DatabaseFlags = {}, kinds: readonly DatabaseKind[] = databaseKinds): Recogniser {
  return (settings) => {
    const kind = kinds.find((candidate) => candidate.recognise(settings, flags))
    if (kind === undefined) throw unsupported(settings, kinds)
    return kind
  }
}

/** The URL's scheme of a JDBC storage, since there the kind alone says nothing. */
function unsupported(settings: StorageSettings, kinds: readonly DatabaseKind[]): Failure {
  const engine =
    settings.kind === 'jdbc'
      ? `jdbc (${/^jdbc:(\w+)/.exec(settings.contactPoints)?.[1] ?? 'not a JDBC URL'})`
      : settings.kind
  return new Failure({
    what: `storage "${settings.storage}" cannot be backed up or restored`,
    why: `its database is ${engine}; this version knows ${kinds.map((kind) => kind.name).join(', ')}`,
    next: 'use the backup of that database itself within `kubectl scalardl pause` and `unpause`',
  })
}
