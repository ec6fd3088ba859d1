import { parse } from 'dot-properties'

/** One database of PostgreSQL or H2, or one server of MySQL or MariaDB, and who may use it. */
export interface Connection {
  kind: 'postgresql' | 'mysql' | 'h2'
  host: string
  port: number
  /** empty where the namespaces are schemas of the server */
  database: string
  user: string | undefined
  password: string | undefined
  /** `sslmode=require` in the URL */
  ssl?: boolean
}

/** The database side of a release's properties, as ScalarDB reads them. */
export interface StorageProperties {
  /** by storage name; "default" alone without multi-storage */
  connections: ReadonlyMap<string, Connection>
  /** the storage that holds a namespace */
  storageOf(namespace: string): string
}

/**
 * Both ways of naming an environment variable in a properties file: the older charts' templates, and ScalarDB's own.
 */
function fillIn(value: string, environment: NodeJS.ProcessEnv): string {
  return value
    .replace(
      /\{\{\s*default\s+\.Env\.(\w+)\s+"([^"]*)"\s*\}\}/g,
      (_, name: string, otherwise: string) => environment[name] ?? otherwise,
    )
    .replace(
      /\$\{env:([^}:]+)(?::-([^}]*))?\}/g,
      (whole, name: string, otherwise: string | undefined) => environment[name] ?? otherwise ?? whole,
    )
}

/** Reads a release's properties file, with the templates in it filled in from the environment. */
export function readProperties(text: string, environment: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(parse(text) as Record<string, string>).map(([key, value]) => [key, fillIn(value, environment)]),
  )
}

const kinds: ReadonlyMap<string | undefined, Connection['kind']> = new Map([
  ['postgresql', 'postgresql'],
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['h2:tcp', 'h2'],
])
/** H2's is that of PostgreSQL's protocol, which its URL does not name (h2database.com, "PG Server"). */
const usualPorts: Record<Connection['kind'], number> = { postgresql: 5432, mysql: 3306, h2: 5435 }

function connectionOf(properties: ReadonlyMap<string, string>, prefix: string): Connection {
  const contactPoints = properties.get(`${prefix}contact_points`) ?? ''
  const [, scheme, address] = /^jdbc:(h2:tcp|\w+)(:[^;]*)/.exec(contactPoints) ?? []
  const kind = kinds.get(scheme)
  if (kind === undefined)
    throw new Error(`${prefix}contact_points is "${contactPoints}"; the stand-in knows ${[...kinds.keys()].join(', ')}`)
  const url = new URL(`jdbc${address}`)
  return {
    kind,
    host: url.hostname,
    port: kind !== 'h2' && url.port !== '' ? Number(url.port) : usualPorts[kind],
    database: decodeURIComponent(url.pathname.slice(1)),
    user: properties.get(`${prefix}username`),
    password: properties.get(`${prefix}password`),
    ssl: url.searchParams.get('sslmode') === 'require',
  }
}

/**
 * The storages of a release: one, or those of a multi-storage set-up (scalar-labs/scalardb, DatabaseConfig and
 * MultiStorageConfig).
 * @throws Error for a storage other than jdbc with PostgreSQL, MySQL, MariaDB or H2.
 */
export function storageProperties(properties: ReadonlyMap<string, string>): StorageProperties {
  const storage = properties.get('scalar.db.storage')
  if (storage === 'jdbc') {
    return { connections: new Map([['default', connectionOf(properties, 'scalar.db.')]]), storageOf: () => 'default' }
  }
  if (storage !== 'multi-storage')
    throw new Error(`scalar.db.storage is "${storage}"; the stand-in knows jdbc and multi-storage`)
  const list = (key: string) =>
    (properties.get(`scalar.db.multi_storage.${key}`) ?? '').split(',').map((each) => each.trim())
  const connections = new Map<string, Connection>()
  for (const name of list('storages')) {
    const prefix = `scalar.db.multi_storage.storages.${name}.`
    // A release may have namespaces there; those that the stand-in writes to are not.
    if (properties.get(`${prefix}storage`) === 'cassandra') continue
    if (properties.get(`${prefix}storage`) !== 'jdbc') throw new Error(`${prefix}storage is not jdbc`)
    connections.set(name, connectionOf(properties, prefix))
  }
  const mapping = new Map(list('namespace_mapping').map((pair) => [pair.split(':')[0] ?? '', pair.split(':')[1] ?? '']))
  const otherwise = properties.get('scalar.db.multi_storage.default_storage')
  return {
    connections,
    storageOf: (namespace) => {
      const name = mapping.get(namespace) ?? otherwise
      if (name === undefined || !connections.has(name)) throw new Error(`no storage for namespace "${namespace}"`)
      return name
    },
  }
}
