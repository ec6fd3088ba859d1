import type { Client } from 'pg'
import type { LocalPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'

/** Settings as a release's properties give them, for a database on a local server. */
export function settingsFor(
  server: LocalPostgresql,
  database: string,
  overrides: Partial<StorageSettings> = {},
): StorageSettings {
  return {
    storage: 'default',
    kind: 'jdbc',
    contactPoints: `jdbc:postgresql://${server.host}:${server.port}/${encodeURIComponent(database)}`,
    contactPort: undefined,
    username: server.superuser,
    password: server.password,
    releaseUsername: server.superuser,
    namespaces: undefined,
    property: () => undefined,
    ...overrides,
  }
}

/** A database with ScalarDB's metadata, a coordinator and a schema of assets, as the schema loader leaves them. */
export async function createLedgerDatabase(server: LocalPostgresql, name: string, rows = 1000): Promise<Client> {
  const admin = await server.connect()
  await admin.query(`CREATE DATABASE "${name}"`)
  await admin.end()
  const client = await server.connect(name)
  await client.query(`
    CREATE SCHEMA scalardb; CREATE SCHEMA scalar; CREATE SCHEMA coordinator; CREATE SCHEMA "Mixed.Case";
    CREATE TABLE scalardb.metadata (full_table_name varchar(128), column_name varchar(128),
      data_type varchar(20) NOT NULL, key_type varchar(20),
      clustering_order varchar(10), indexed boolean NOT NULL, ordinal_position integer NOT NULL,
        PRIMARY KEY (full_table_name, column_name));
    CREATE TABLE scalardb.namespaces (namespace_name varchar(128) PRIMARY KEY);
    CREATE TABLE scalar.asset (id text, age int, output bytea, PRIMARY KEY (id, age));
    CREATE INDEX asset_age ON scalar.asset (age);
    CREATE TABLE coordinator.state (tx_id text PRIMARY KEY, tx_state int);
    CREATE TABLE "Mixed.Case"."Odd ""name" (id serial PRIMARY KEY, "Värde" text);
    INSERT INTO scalardb.metadata VALUES ('scalar.asset', 'id', 'TEXT', 'PARTITION', NULL, false, 1);
    INSERT INTO scalardb.namespaces VALUES ('scalardb'), ('scalar'), ('coordinator'), ('Mixed.Case');`)
  await client.query(
    `INSERT INTO scalar.asset SELECT 'asset-' || i, 0, decode(md5(i::text), 'hex') FROM generate_series(1, $1) i`,
    [rows],
  )
  return client
}

/** All rows and indexes of the four schemas, as one digest a table. */
export async function contentOf(client: Client): Promise<unknown> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1`,
  )
  const content: Record<string, unknown> = {}
  for (const { name } of tables) {
    const { rows } = await client.query(
      `SELECT count(*)::int AS rows, md5(string_agg(t::text, ',' ORDER BY t::text)) AS digest FROM ${name} t`,
    )
    content[name] = rows[0]
  }
  const { rows: indexes } = await client.query<{ text: string }>(
    `SELECT indexdef AS text FROM pg_indexes WHERE schemaname !~ '^pg_' ORDER BY 1`,
  )
  return { ...content, indexes: indexes.map((index) => index.text) }
}
