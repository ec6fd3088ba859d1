/** What a storage's properties say of its database. */
export interface NamedStorage {
  /** `scalar.db.storage` */
  kind: string
  contactPoints: string
}

/** Schemes of JDBC URLs (each vendor's documentation) and storages of ScalarDB, as people call what they name. */
const schemes: Record<string, string> = {
  oracle: 'Oracle Database',
  sqlserver: 'SQL Server',
  db2: 'Db2',
  as400: 'Db2 for i',
  yugabytedb: 'YugabyteDB',
  cloudspanner: 'Spanner',
  sqlite: 'SQLite',
  h2: 'H2',
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
}
const storages: Record<string, string> = { cassandra: 'Cassandra', cosmos: 'Cosmos DB' }

/**
 * CockroachDB speaks PostgreSQL's protocol and has a URL like PostgreSQL's, but pg_dump cannot read it. Its port unless
 * set otherwise, and the hosts of its cloud service, tell (Cockroach Labs: "Client connection parameters").
 */
export function isCockroach(contactPoints: string): boolean {
  return (
    contactPoints.startsWith('jdbc:postgresql:') &&
    /^[^?]*?(:26257\b|\.cockroachlabs\.cloud\b)/.test(contactPoints.slice('jdbc:postgresql:'.length))
  )
}

/**
 * What people call the database of a storage, by its URL and never by asking it; undefined where nothing tells. AlloyDB
 * and Spanner have URLs of PostgreSQL where they are reached through its driver or PGAdapter.
 */
export function engineOf({ kind, contactPoints }: NamedStorage): string | undefined {
  if (kind !== 'jdbc') return storages[kind]
  if (isCockroach(contactPoints)) return 'CockroachDB'
  if (/[?&]socketFactory=com\.google\.cloud\.alloydb\./.test(contactPoints)) return 'AlloyDB'
  const [, scheme] = /^jdbc:([\w-]+):/.exec(contactPoints) ?? []
  return scheme === undefined ? undefined : (schemes[scheme] ?? scheme)
}

/** Where that database is, without users, passwords and options. */
export function placeOfUrl(contactPoints: string): string {
  return (
    contactPoints
      .replace(/^jdbc:[\w-]+:(thin:|oci:|tcp:)?/, '')
      // Oracle's user/password@, and what others have before the host
      .replace(/^[^@/?;]*(\/[^@/?;]*)?@/, '')
      // options, which Db2 puts after a colon
      .replace(/([?;]|:\w+=).*$/s, '')
      .replace(/^\/\/[^/@]*@/, '//')
      .replace(/^@?(\/\/)?/, '')
  )
}
