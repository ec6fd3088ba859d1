import { createHash } from 'node:crypto'
import { seed } from '../data/row-bank.ts'
import { physicalColumns, type Table } from '../data/tables.ts'
import { quoted, type Store } from './store.ts'

/** Copies of each row, as ScalarDB's schema loader is told them unless there are fewer nodes. */
const usualCopies = 3

/**
 * An id that follows from the name: two nodes that are told at once to create a table of the same name would give it
 * one each.
 */
function idOf(fullName: string): string {
  const hex = createHash('sha256').update(fullName).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `1${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

/** As ScalarDB creates a table (scalar-labs/scalardb, CassandraAdmin.createTableInternal). */
function creating(table: Table): string {
  const { namespace, name, partitionKey, clusteringKey } = table
  const columns = physicalColumns(table).map(([column, type]) => `${quoted(column)} ${type.toLowerCase()}`)
  // Up to which transfer of each stream an account was changed: no two rows are written together here.
  if (name === 'account') columns.push('last_transfers map<text, int>')
  const key = [`(${partitionKey.map(quoted).join(', ')})`, ...clusteringKey.map(quoted)].join(', ')
  return (
    `CREATE TABLE IF NOT EXISTS ${quoted(namespace)}.${quoted(name)} (${columns.join(', ')}, PRIMARY KEY (${key})) ` +
    `WITH ID = ${idOf(`${namespace}.${name}`)}`
  )
}

/**
 * Creates ScalarDB's own keyspace, the product's tables and the workload's data, unless an earlier pod has finished
 * that: what is there is then left as it is, so that nothing heals what was damaged or lost. Several pods may do so at
 * once.
 * @param fillBytes ballast in all, half of it in each of the workload's namespaces
 */
export async function createSchema(store: Store, tables: readonly Table[], fillBytes: number): Promise<void> {
  const own = store.connection.metadataKeyspace
  const listed = `${quoted(own)}.namespaces`
  const namespaces = [...new Set(tables.map(({ namespace }) => namespace))]
  // The last row says that all is made.
  const rows = await store.rowsIfAny(`SELECT name FROM ${listed} WHERE name = ?`, [namespaces.at(-1)])
  if (rows !== undefined && rows.length > 0) return
  const copies = Math.min(usualCopies, await store.nodes())
  for (const keyspace of [own, ...namespaces])
    await store.execute(
      `CREATE KEYSPACE IF NOT EXISTS ${quoted(keyspace)} ` +
        `WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '${copies}'}`,
    )
  await store.execute(
    `CREATE TABLE IF NOT EXISTS ${listed} (name text PRIMARY KEY) WITH ID = ${idOf(`${own}.namespaces`)}`,
  )
  for (const table of tables) await store.execute(creating(table))
  await seed(store, fillBytes)
  for (const name of [own, ...namespaces]) await store.execute(`INSERT INTO ${listed} (name) VALUES (?)`, [name])
}
