import { randomBytes } from 'node:crypto'
import { openingRows } from '../data/rows.ts'
import { bankNamespaces, physicalColumns, type Table } from '../data/tables.ts'
import type { Database, Databases, Session } from './databases.ts'
import { exists } from './invariant.ts'

/** In the table and its index. */
const bytesPerRow = 1_240

/** Of ballast, at once. */
const batchRows = 500

/** ScalarDB's own tables, as TableMetadataService and NamespaceMetadataService of scalar-labs/scalardb create them. */
const metadataTables = [
  'CREATE TABLE IF NOT EXISTS "scalardb"."metadata"("full_table_name" VARCHAR(128),"column_name" ' +
    'VARCHAR(128),"data_type" VARCHAR(20) NOT NULL,' +
    '"key_type" VARCHAR(20),"clustering_order" VARCHAR(10),"indexed" BOOLEAN NOT NULL,"ordinal_position" INTEGER ' +
    'NOT NULL,' +
    `PRIMARY KEY ("full_table_name", "column_name"))`,
  `CREATE TABLE IF NOT EXISTS "scalardb"."namespaces"("namespace_name" VARCHAR(128), PRIMARY KEY ("namespace_name"))`,
]

async function addNamespace(database: Database, session: Session, namespace: string): Promise<void> {
  await database.addSchema(session, namespace)
  await session.add('"scalardb"."namespaces"', [{ namespace_name: namespace }])
}

async function addTable(database: Database, session: Session, table: Table): Promise<void> {
  const columns = physicalColumns(table)
  const keys = [...table.partitionKey, ...table.clusteringKey]
  const definitions = columns.map(([name, type]) => `"${name}" ${database.columnType(type, keys.includes(name))}`)
  await session.query(
    `CREATE TABLE IF NOT EXISTS "${table.namespace}"."${table.name}"(${definitions.join(',')}, PRIMARY KEY ` +
      `(${keys.map((key) => `"${key}"`).join(',')}))`,
  )
  const rows = columns.map(([name, type], position) => ({
    full_table_name: `${table.namespace}.${table.name}`,
    column_name: name,
    data_type: type,
    key_type: table.partitionKey.includes(name)
      ? 'PARTITION'
      : table.clusteringKey.includes(name)
        ? 'CLUSTERING'
        : null,
    clustering_order: table.clusteringKey.includes(name) ? 'ASC' : null,
    indexed: false,
    ordinal_position: position + 1,
  }))
  await session.add('"scalardb"."metadata"', rows)
}

/**
 * Ballast where it is asked for, rows of about 1 kB that compress about as badly as real data, and then the money, all
 * in one statement: where that is, all is.
 */
async function seed(session: Session, namespace: string, fillBytes: number): Promise<void> {
  const rows = Math.round(fillBytes / bytesPerRow)
  for (let from = 1; from <= rows; from += batchRows) {
    const batch = Array.from({ length: Math.min(batchRows, rows - from + 1) }, (_, index) => ({
      id: `filler-${from + index}`,
      payload: randomBytes(496).toString('hex'),
    }))
    await session.add(`"${namespace}"."filler"`, batch)
  }
  await session.add(`"${namespace}"."account"`, openingRows)
}

/**
 * Whether an earlier pod has made all of it. What is there is then left as it is, so that nothing heals what was
 * damaged.
 */
async function complete(session: Session, tables: readonly Table[]): Promise<boolean> {
  for (const { namespace, name } of tables) if (!(await exists(session, namespace, name))) return false
  for (const { namespace, name } of tables) {
    if (name !== 'account') continue
    const found = await session.query(`SELECT 1 AS one FROM "${namespace}"."${name}" LIMIT 1`)
    if (found.length === 0) return false
  }
  return true
}

/**
 * Creates what is missing of ScalarDB's metadata, the product's tables and the workload's data. Several pods may do so
 * at once.
 * @param fillBytes ballast in all, half of it in each of the workload's namespaces
 */
export async function createSchema(databases: Databases, tables: readonly Table[], fillBytes: number): Promise<void> {
  const byDatabase = Map.groupBy(tables, (table) => databases.of(table.namespace))
  await Promise.all(
    [...byDatabase].map(([database, own]) =>
      // The other pods then find everything there.
      database.alone(async (session) => {
        if (await complete(session, own)) return
        await database.addSchema(session, 'scalardb')
        for (const sql of metadataTables) await session.query(sql)
        for (const namespace of new Set(['scalardb', ...own.map((table) => table.namespace)]))
          await addNamespace(database, session, namespace)
        for (const table of own) await addTable(database, session, table)
        for (const namespace of bankNamespaces) {
          if (own.some((table) => table.namespace === namespace))
            await seed(session, namespace, fillBytes / bankNamespaces.length)
        }
      }),
    ),
  )
}
