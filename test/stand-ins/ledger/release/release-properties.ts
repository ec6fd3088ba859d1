/** One database of a release's properties. */
export interface ReleaseStorage {
  name: string
  /** PostgreSQL unless given */
  scheme?: 'postgresql' | 'mysql' | 'h2:tcp'
  /** host, or host:port, of the server as the pods reach it */
  server: string
  /** empty with MySQL, where a namespace is a schema of the server */
  database: string
  namespaces: readonly string[]
}

/** Both ways in which properties name an environment variable. */
export const templates = {
  /** ScalarDB's own */
  environment: (name: string) => `\${env:${name}}`,
  /** of the older charts */
  helm: (name: string) => `{{ default .Env.${name} "" }}`,
} as const

interface Credentials {
  /** variables that hold the user and the password */
  username: string
  password: string
  template?: keyof typeof templates
}

function storageLines(
  prefix: string,
  { scheme = 'postgresql', server, database }: Pick<ReleaseStorage, 'scheme' | 'server' | 'database'>,
  credentials: Credentials,
): string[] {
  const fill = templates[credentials.template ?? 'environment']
  return [
    `${prefix}storage=jdbc`,
    `${prefix}contact_points=jdbc:${scheme}://${server}/${database}`,
    `${prefix}username=${fill(credentials.username)}`,
    `${prefix}password=${fill(credentials.password)}`,
  ]
}

/** Properties of a release that keeps everything in one database. */
export function singleStorage(
  storage: Pick<ReleaseStorage, 'scheme' | 'server' | 'database'>,
  credentials: Credentials,
): string {
  return `${storageLines('scalar.db.', storage, credentials).join('\n')}\n`
}

/** Properties of a release whose transactions span several databases; the first is the default storage. */
export function multiStorage(
  storages: readonly [ReleaseStorage, ...ReleaseStorage[]],
  credentials: Credentials,
): string {
  const key = 'scalar.db.multi_storage'
  const mapping = storages.flatMap(({ name, namespaces }) => namespaces.map((namespace) => `${namespace}:${name}`))
  const lines = [
    'scalar.db.storage=multi-storage',
    `${key}.storages=${storages.map((storage) => storage.name).join(',')}`,
    ...storages.flatMap((storage) => storageLines(`${key}.storages.${storage.name}.`, storage, credentials)),
    `${key}.namespace_mapping=${mapping.join(',')}`,
    `${key}.default_storage=${storages[0].name}`,
  ]
  return `${lines.join('\n')}\n`
}

/**
 * The usual two: ScalarDL's own tables, the coordinator and half of the application in one, the other half in the
 * other.
 */
export function twoDatabases(server: string, [a, b]: readonly [string, string], credentials: Credentials): string {
  return multiStorage(
    [
      { name: 'a', server, database: a, namespaces: ['scalar', 'coordinator', 'checking'] },
      { name: 'b', server, database: b, namespaces: ['savings'] },
    ],
    credentials,
  )
}

export interface DynamodbStorage {
  region: string
  /** URL of a DynamoDB that is not AWS's own, as the pods reach it */
  endpoint?: string
  /** before the namespace of every table */
  prefix?: string
}

/** Properties of a release that keeps everything in DynamoDB; user and password are the access key and its secret. */
export function dynamodb({ region, endpoint, prefix }: DynamodbStorage, credentials: Credentials): string {
  const fill = templates[credentials.template ?? 'environment']
  const lines = [
    'scalar.db.storage=dynamo',
    `scalar.db.contact_points=${region}`,
    `scalar.db.username=${fill(credentials.username)}`,
    `scalar.db.password=${fill(credentials.password)}`,
    ...(endpoint === undefined ? [] : [`scalar.db.dynamo.endpoint_override=${endpoint}`]),
    ...(prefix === undefined ? [] : [`scalar.db.dynamo.namespace.prefix=${prefix}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** Properties of a release that keeps everything in an account of Cosmos DB; the password is one of its keys. */
export function cosmos(account: string, credentials: Credentials): string {
  const fill = templates[credentials.template ?? 'environment']
  const lines = [
    'scalar.db.storage=cosmos',
    `scalar.db.contact_points=${account}`,
    `scalar.db.password=${fill(credentials.password)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Properties of a release that keeps everything in a ring of Cassandra. */
export function cassandra(contactPoints: string, credentials: Credentials): string {
  const fill = templates[credentials.template ?? 'environment']
  const lines = [
    'scalar.db.storage=cassandra',
    `scalar.db.contact_points=${contactPoints}`,
    `scalar.db.username=${fill(credentials.username)}`,
    `scalar.db.password=${fill(credentials.password)}`,
  ]
  return `${lines.join('\n')}\n`
}
