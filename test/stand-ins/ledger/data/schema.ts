import type { PoolClient } from 'pg'
import { transact, type Databases } from '../postgresql/databases.ts'
import { bankNamespaces, physicalColumns, type DataType, type Table } from './tables.ts'

/** Accounts on each side, and what each begins with. */
export const accountCount = 100
export const openingBalance = 1000

/** In the table and its index. */
const bytesPerRow = 1_240

const sqlTypes: Record<DataType, string> = { TEXT: 'TEXT', INT: 'INT', BIGINT: 'BIGINT', BLOB: 'BYTEA' }

function columnType(table: Table, name: string, type: DataType): string {
  const isKey = table.partitionKey.includes(name) || table.clusteringKey.includes(name)
  return isKey && type === 'TEXT' ? 'VARCHAR(10485760)' : sqlTypes[type]
}

/** ScalarDB's own tables, as TableMetadataService and NamespaceMetadataService of scalar-labs/scalardb create them. */
const metadataTables = [
  'CREATE TABLE IF NOT EXISTS "scalardb"."metadata"("full_table_name" VARCHAR(128),"column_name" ' +
    'VARCHAR(128),"data_type" VARCHAR(20) NOT NULL,' +
    '"key_type" VARCHAR(20),"clustering_order" VARCHAR(10),"indexed" BOOLEAN NOT NULL,"ordinal_position" INTEGER ' +
    'NOT NULL,' +
    `PRIMARY KEY ("full_table_name", "column_name"))`,
  `CREATE TABLE IF NOT EXISTS "scalardb"."namespaces"("namespace_name" VARCHAR(128), PRIMARY KEY ("namespace_name"))`,
]

async function addNamespace(client: PoolClient, namespace: string): Promise<void> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS "${namespace}"`)
  await client.query('INSERT INTO "scalardb"."namespaces" VALUES ($1) ON CONFLICT DO NOTHING', [namespace])
}

async function addTable(client: PoolClient, table: Table): Promise<void> {
  const columns = physicalColumns(table)
  const keys = [...table.partitionKey, ...table.clusteringKey]
  const definitions = columns.map(([name, type]) => `"${name}" ${columnType(table, name, type)}`)
  await client.query(
    `CREATE TABLE IF NOT EXISTS "${table.namespace}"."${table.name}"(${definitions.join(',')}, PRIMARY KEY ` +
      `(${keys.map((key) => `"${key}"`).join(',')}))`,
  )
  const rows = columns.map(([name, type], position) => ({
    column: name,
    type,
    key: table.partitionKey.includes(name) ? 'PARTITION' : table.clusteringKey.includes(name) ? 'CLUSTERING' : null,
    order: table.clusteringKey.includes(name) ? 'ASC' : null,
    position: position + 1,
  }))
  await client.query(
    `INSERT INTO "scalardb"."metadata"
     SELECT $1, r."column", r."type", r."key", r."order", false, r."position"
     FROM json_to_recordset($2) AS r("column" text, "type" text, "key" text, "order" text, "position" int)
     ON CONFLICT DO NOTHING`,
    [`${table.namespace}.${table.name}`, JSON.stringify(rows)],
  )
}

/** Money and, where asked for, ballast: rows of about 1 kB that compress about as badly as real data. */
async function seed(client: PoolClient, namespace: string, fillBytes: number): Promise<void> {
  await client.query(
    `INSERT INTO "${namespace}"."account" (id, balance, tx_id, tx_state, tx_version)
     SELECT 'account-' || n, $1, 'seed', 3, 1 FROM generate_series(1, $2::int) n ON CONFLICT DO NOTHING`,
    [openingBalance, accountCount],
  )
  const rows = Math.round(fillBytes / bytesPerRow)
  const batch = 10_000
  for (let from = 1; from <= rows; from += batch) {
    await client.query({
      text: `INSERT INTO "${namespace}"."filler" (id, payload)
             SELECT 'filler-' || n, (SELECT string_agg(md5(n::text || ' ' || k::text), '')
               FROM generate_series(1, 31) k)
             FROM generate_series($1::int, $2::int) n ON CONFLICT DO NOTHING`,
      values: [from, Math.min(rows, from + batch - 1)],
    })
  }
}

/**
 * Whether an earlier pod has made all of it. What is there is then left as it is, so that nothing heals what was
 * damaged.
 */
async function complete(client: PoolClient, tables: readonly Table[]): Promise<boolean> {
  const names = tables.map((table) => `"${table.namespace}"."${table.name}"`)
  const found = await client.query<{ missing: number }>(
    'SELECT count(*)::int AS missing FROM unnest($1::text[]) AS names(name) WHERE to_regclass(name) IS NULL',
    [names],
  )
  return found.rows[0]?.missing === 0
}

/**
 * Creates what is missing of ScalarDB's metadata, the product's tables and the workload's data. Several pods may do so
 * at once.
 * @param fillBytes ballast in all, half of it in each of the workload's namespaces
 */
export async function createSchema(databases: Databases, tables: readonly Table[], fillBytes: number): Promise<void> {
  const byDatabase = Map.groupBy(tables, (table) => databases.of(table.namespace))
  await Promise.all(
    [...byDatabase].map(([pool, own]) =>
      transact(pool, async (client) => {
        await client.query('SET LOCAL statement_timeout = 0')
        // One pod at a time; the others then find everything there.
        await client.query("SELECT pg_advisory_xact_lock(hashtext('scalardl-stand-in'))")
        if (await complete(client, own)) return
        await client.query('CREATE SCHEMA IF NOT EXISTS "scalardb"')
        for (const sql of metadataTables) await client.query(sql)
        for (const namespace of new Set(['scalardb', ...own.map((table) => table.namespace)]))
          await addNamespace(client, namespace)
        for (const table of own) await addTable(client, table)
        for (const namespace of bankNamespaces) {
          if (own.some((table) => table.namespace === namespace))
            await seed(client, namespace, fillBytes / bankNamespaces.length)
        }
      }),
    ),
  )
}
