import type { IndexingPolicy } from '@azure/cosmos'
import { seed } from '../data/row-bank.ts'
import { physicalColumns, type Table } from '../data/tables.ts'
import { procedureBody, procedureName } from './mutate.ts'
import { hasCode, type Store } from './store.ts'

/** Of a database, shared by its containers (scalar-labs/scalardb, CosmosAdmin). */
const requestUnits = 400

/** Another pod may be faster. */
async function unlessThere(making: Promise<unknown>): Promise<void> {
  await making.catch((error: unknown) => {
    if (!hasCode(error, 409)) throw error
  })
}

/** What ScalarDB indexes of a table (scalar-labs/scalardb, CosmosAdmin.computeIndexingPolicy). */
function indexingOf({ clusteringKey }: Table): IndexingPolicy {
  const excludedPaths = [{ path: '/*' }]
  if (clusteringKey.length === 0) return { includedPaths: [{ path: '/concatenatedPartitionKey/?' }], excludedPaths }
  const paths = ['/concatenatedPartitionKey', ...clusteringKey.map((name) => `/clusteringKey/${name}`)]
  return { compositeIndexes: [paths.map((path) => ({ path, order: 'ascending' as const }))], excludedPaths }
}

/** What ScalarDB writes of a table (scalar-labs/scalardb, CosmosTableMetadata). */
const metadataOf = (table: Table) => ({
  id: `${table.namespace}.${table.name}`,
  partitionKeyNames: table.partitionKey,
  clusteringKeyNames: table.clusteringKey,
  clusteringOrders: Object.fromEntries(table.clusteringKey.map((name) => [name, 'ASC'])),
  secondaryIndexNames: [],
  columns: Object.fromEntries(physicalColumns(table).map(([name, type]) => [name, type.toLowerCase()])),
})

async function addTable({ client, connection }: Store, table: Table): Promise<void> {
  const { namespace, name } = table
  await unlessThere(
    client.database(namespace).containers.create({
      id: name,
      partitionKey: { paths: ['/concatenatedPartitionKey'] },
      indexingPolicy: indexingOf(table),
    }),
  )
  const { scripts } = client.database(namespace).container(name)
  await unlessThere(scripts.storedProcedures.create({ id: procedureName, body: procedureBody }))
  await client.database(connection.metadataDatabase).container('metadata').items.upsert(metadataOf(table))
}

/**
 * Creates ScalarDB's own containers, the product's tables and the workload's data, unless an earlier pod has finished
 * that: what is there is then left as it is, so that nothing heals what was damaged or lost. Several pods may do so at
 * once.
 * @param fillBytes ballast in all, half of it in each of the workload's namespaces
 */
export async function createSchema(store: Store, tables: readonly Table[], fillBytes: number): Promise<void> {
  const { client, connection } = store
  const namespaces = [...new Set(tables.map((table) => table.namespace))]
  const own = client.database(connection.metadataDatabase)
  const listed = own.container('namespaces')
  // The last row says that all is made.
  const last = namespaces.at(-1) ?? ''
  const done = await listed.item(last, last).read()
  if (done.resource !== undefined) return
  for (const id of [connection.metadataDatabase, ...namespaces])
    await unlessThere(client.databases.create({ id, throughput: requestUnits }))
  for (const id of ['metadata', 'namespaces'])
    await unlessThere(own.containers.create({ id, partitionKey: { paths: ['/id'] } }))
  await Promise.all(tables.map((table) => addTable(store, table)))
  await seed(store, fillBytes)
  for (const id of [connection.metadataDatabase, ...namespaces]) await listed.items.upsert({ id })
}
