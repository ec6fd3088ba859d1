// Room: what a release's ScalarDB properties and metadata say about its databases.
// Read storage-settings, settings, secret-hosts, properties, metadata, shown-url.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { mounts, type TargetRelease } from '../../operation/request.ts'
import type { StorageSettings } from './storage-settings.ts'
import { readProperties, resolve, type Lookup } from './properties.ts'

const prefix = 'scalar.db.'
const multi = 'multi_storage.'

/** Reads one property, placeholders filled in; undefined where it is not there or empty, as ScalarDB takes it. */
type Read = StorageSettings['property']

/**
 * The storages that a release's properties name: one, or several of a multi-storage. Credentials of a mounted database
 * secret come before those of the properties.
 * @param env the worker's environment, the release's variables in it under the prefix that the request tells of
 * @param secretFolder where a database secret is mounted, if there is one
 * @throws Failure where the properties are missing, incomplete, or of a release that has no database of its own.
 */
export function readSettings(
  release: TargetRelease,
  env: NodeJS.ProcessEnv,
  secretFolder: string = mounts.databaseSecret,
): StorageSettings[] {
  const { properties: source } = release
  if (source === undefined)
    throw missing(
      release,
      'its properties were not found',
      `give the release's properties file a place in its pods, as its Helm chart does`,
    )
  const lookup: Lookup = (name) => env[source.envPrefix + name]
  const properties = readProperties(readText(release, source.file), lookup)
  const own = new Map(
    [...properties].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  )
  const read = reader(own, prefix, lookup)
  const manager = read('transaction_manager') ?? 'consensus-commit'
  if (manager === 'cluster' || manager === 'grpc') {
    throw missing(
      release,
      `${prefix}transaction_manager is "${manager}": its data is in another ScalarDB server's database`,
      'back up the release of that server together with this one, or name that one alone',
    )
  }
  const kind = read('storage') ?? 'cassandra'
  if (manager === 'jdbc') return [single(release, 'default', 'jdbc', own, lookup, undefined, secretFolder)]
  if (kind !== 'multi-storage') return [single(release, 'default', kind, own, lookup, undefined, secretFolder)]
  return severalStorages(release, own, read, lookup, secretFolder)
}

/** MultiStorageConfig: what is not of multi-storage holds for every storage, what is below its name for one. */
function severalStorages(
  release: TargetRelease,
  own: Map<string, string>,
  read: Read,
  lookup: Lookup,
  secretFolder: string,
): StorageSettings[] {
  const names = list(read(`${multi}storages`))
  if (names.length === 0)
    throw missing(
      release,
      `${prefix}storage is multi-storage, but ${prefix}${multi}storages names none`,
      `name the storages in ${prefix}${multi}storages`,
    )
  const mapped = [...list(read(`${multi}namespace_mapping`)), ...list(read(`${multi}table_mapping`))].map((entry) =>
    entry.split(':'),
  )
  const fallback = read(`${multi}default_storage`)
  const unknown = [fallback, ...mapped.map(([, storage]) => storage)].find(
    (storage) => storage === undefined || !names.includes(storage),
  )
  if (unknown !== undefined || fallback === undefined) {
    throw missing(
      release,
      unknown === undefined
        ? 'its multi-storage maps to no default storage'
        : `its multi-storage maps to "${unknown}", which ${prefix}${multi}storages does not name`,
      `correct ${prefix}${multi}default_storage and namespace_mapping`,
    )
  }
  return names.map((name) => {
    const shared = [...own].filter(([key]) => !key.startsWith(multi))
    const path = `${multi}storages.${name}.`
    const special = [...own].flatMap(([key, value]) =>
      key.startsWith(path) ? [[key.slice(path.length), value] as const] : [],
    )
    const merged = new Map([...shared.filter(([key]) => key !== 'storage'), ...special])
    const kind = reader(merged, prefix + path, lookup)('storage')
    if (kind === undefined || kind === 'multi-storage')
      throw missing(
        release,
        `${prefix}${path}storage is ${kind ?? 'missing'}`,
        'give it the kind of its database: jdbc, cassandra, cosmos or dynamo',
      )
    // A deprecated table mapping says namespace.table.
    const namespaces = mapped.flatMap(([what = '', storage]) => (storage === name ? [what.split('.')[0] ?? what] : []))
    return single(release, name, kind, merged, lookup, [...new Set(namespaces)], secretFolder)
  })
}

function single(
  release: TargetRelease,
  storage: string,
  kind: string,
  own: Map<string, string>,
  lookup: Lookup,
  namespaces: string[] | undefined,
  secretFolder: string,
): StorageSettings {
  const read = reader(own, prefix, lookup)
  const contactPoints = read('contact_points')
  if (contactPoints === undefined)
    throw missing(
      release,
      `${prefix}contact_points of storage "${storage}" is missing`,
      'complete the properties of the release',
    )
  const username = read('username')
  const given = {
    username: credential(secretFolder, storage, 'username'),
    password: credential(secretFolder, storage, 'password'),
  }
  return {
    storage,
    kind,
    // A JDBC URL is one contact point, its own commas escaped (JdbcConfig takes the first).
    contactPoints: kind === 'jdbc' ? (list(contactPoints)[0] ?? '') : contactPoints,
    contactPort: read('contact_port'),
    username: given.username ?? username,
    password: given.password ?? read('password'),
    releaseUsername: username,
    fromSecret: given.username !== undefined || given.password !== undefined,
    secretHosts: credential(secretFolder, storage, 'hosts')
      ?.split(/[\s,]+/)
      .filter((host) => host !== ''),
    namespaces,
    property: read,
  }
}

function reader(own: Map<string, string>, path: string, lookup: Lookup): Read {
  return (name) => {
    const value = own.get(name)
    return value === undefined ? undefined : resolve(path + name, value, lookup) || undefined
  }
}

/** ConfigUtils.getStringArray: commas part the elements, unless escaped. */
function list(value: string | undefined): string[] {
  if (value === undefined) return []
  return value.split(/\s*(?<!\\),\s*/).map((part) => part.replaceAll('\\', ''))
}

function credential(folder: string, storage: string, what: 'username' | 'password' | 'hosts'): string | undefined {
  const file = [`${storage}.${what}`, what].map((name) => join(folder, name)).find((path) => existsSync(path))
  // Secrets made from files or by echo often end in a newline that is no part of them.
  return file === undefined ? undefined : readFileSync(file, 'utf8').replace(/\r?\n$/, '')
}

function readText(release: TargetRelease, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(
      {
        what: `the database of release ${release.name} is unknown`,
        why: `its properties file ${file} cannot be read`,
        next: `check that its pods' ConfigMap or Secret holds the file`,
      },
      { cause: error },
    )
  }
}

function missing(release: TargetRelease, why: string, next: string): Failure {
  return new Failure({ what: `the database of release ${release.name} is unknown`, why, next })
}
