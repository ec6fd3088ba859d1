import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { LocalMysql } from '../../../../stand-ins/mysql/local-server.ts'

/** Settings as a release's properties give them, for a local server; the schemas of its ScalarDB end in `suffix`. */
export function settingsFor(
  server: LocalMysql,
  suffix: string,
  overrides: Partial<StorageSettings> = {},
): StorageSettings {
  const named: Record<string, string> = {
    'jdbc.table_metadata.schema': `scalardb${suffix}`,
    'consensus_commit.coordinator.namespace': `coordinator${suffix}`,
  }
  return {
    storage: 'default',
    kind: 'jdbc',
    contactPoints: `jdbc:mysql://${server.host}:${server.port}/`,
    contactPort: undefined,
    username: server.user,
    password: server.password,
    releaseUsername: server.user,
    namespaces: undefined,
    property: (name) => named[name],
    ...overrides,
  }
}

/**
 * ScalarDB's metadata, a coordinator and a schema of assets, as the schema loader leaves them, and one with odd names.
 */
export async function createLedgerSchemas(server: LocalMysql, suffix: string, rows = 1000): Promise<string[]> {
  const [metadata, coordinator, assets, odd] = [
    `scalardb${suffix}`,
    `coordinator${suffix}`,
    `scalar${suffix}`,
    `Odd \`schema\`.${suffix}${'ö'.repeat(40)}`,
  ]
  const connection = await server.connect()
  const schemas = [metadata, coordinator, assets, odd]
  for (const schema of schemas)
    await connection.query(`CREATE DATABASE ${quoted(schema)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`)
  await connection.query(
    `CREATE TABLE ${quoted(metadata)}.metadata (
       full_table_name varchar(128), column_name varchar(128), data_type varchar(20) NOT NULL, key_type varchar(20),
       clustering_order varchar(10), indexed boolean NOT NULL, ordinal_position integer NOT NULL,
       PRIMARY KEY (full_table_name, column_name));
     CREATE TABLE ${quoted(metadata)}.namespaces (namespace_name varchar(128) PRIMARY KEY);
     CREATE TABLE ${quoted(assets)}.asset (
       id varchar(64), age int, output longblob, PRIMARY KEY (id, age), KEY by_age (age));
     CREATE TABLE ${quoted(coordinator)}.state (tx_id varchar(64) PRIMARY KEY, tx_state int);
     CREATE TABLE ${quoted(odd)}.\`Odd \`\`'"name\` (
       id serial PRIMARY KEY, \`Värde\` text COMMENT 'it''s ö') COMMENT 'own; words'`,
  )
  await connection.query(
    `INSERT INTO ${quoted(metadata)}.metadata VALUES (?, 'id', 'TEXT', 'PARTITION', NULL, false, 1)`,
    [`${assets}.asset`],
  )
  await connection.query(`INSERT INTO ${quoted(metadata)}.namespaces VALUES ?`, [schemas.map((name) => [name])])
  const values = Array.from({ length: rows }, (_, index) => [
    `asset-${index + 1}`,
    0,
    Buffer.from(`${index} \0\n\r\\'"\u001a\xff`, 'latin1'),
  ])
  await connection.query(`INSERT INTO ${quoted(assets)}.asset VALUES ?`, [values])
  await connection.end()
  return schemas
}

/** A name for SQL. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** All rows and definitions of some schemas; undefined where they hold no table. */
export async function contentOf(connection: Connection, schemas: readonly string[]): Promise<unknown> {
  const [tables] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES
     WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2`,
    [schemas],
  )
  const content: Record<string, unknown> = {}
  await connection.query(`SET time_zone = '+00:00'`)
  for (const { s, t } of tables) {
    const name = `${quoted(String(s))}.${quoted(String(t))}`
    const [rows] = await connection.query({ sql: `SELECT * FROM ${name}`, rowsAsArray: true, typeCast: false })
    const [created] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${name}`)
    content[name] = {
      rows: (rows as (Buffer | null)[][]).map((row) => row.map((value) => value?.toString('latin1') ?? null)).sort(),
      // A restore marks one table in its comment.
      definition: String(created[0]?.['Create Table'])
        .replace(/ AUTO_INCREMENT=\d+/, '')
        .replace(/ ?\[kubectl-scalardl [^\]]*\]/, '')
        .replace(" COMMENT=''", '')
        // MySQL 8.0 says so of columns whose collation the dump spelled out.
        .replaceAll(/ CHARACTER SET \w+ COLLATE/g, ' COLLATE'),
    }
  }
  return tables.length === 0 ? undefined : content
}
