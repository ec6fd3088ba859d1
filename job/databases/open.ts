import { Failure } from '../../operation/failure.ts'
import type { DatabaseKind } from './database.ts'
import type { StorageSettings } from '../scalardb/storage-settings.ts'
import { databaseKinds } from './registry.ts'

/** One database, and the storages of ScalarDB that live in it. */
export interface DatabaseGroup {
  kind: DatabaseKind
  settings: StorageSettings[]
}

/**
 * The databases behind a number of storages, each once.
 * @throws Failure for a storage of a kind that this version knows not how to back up
 */
export function groupByDatabase(settings: readonly StorageSettings[]): DatabaseGroup[] {
  const groups = new Map<string, DatabaseGroup>()
  for (const one of settings) {
    const kind = databaseKinds.find((candidate) => candidate.handles(one))
    if (kind === undefined) throw unsupported(one)
    const identity = `${kind.name} ${kind.identity(one)}`
    const group = groups.get(identity)
    if (group === undefined) groups.set(identity, { kind, settings: [one] })
    else group.settings.push(one)
  }
  return [...groups.values()]
}

/** The URL's scheme of a JDBC storage, since there the kind alone says nothing. */
function unsupported(settings: StorageSettings): Failure {
  const engine =
    settings.kind === 'jdbc'
      ? `jdbc (${/^jdbc:(\w+)/.exec(settings.contactPoints)?.[1] ?? 'not a JDBC URL'})`
      : settings.kind
  return new Failure({
    what: `storage "${settings.storage}" cannot be backed up or restored`,
    why: `its database is ${engine}; this version knows ${databaseKinds.map((kind) => kind.name).join(', ')}`,
    next: 'use the backup of that database itself within `kubectl scalardl pause` and `unpause`',
  })
}
