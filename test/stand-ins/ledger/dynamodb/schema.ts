import {
  type CreateTableInput,
  type GlobalSecondaryIndex,
  ResourceInUseException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import type { ScalableDimension } from '@aws-sdk/client-application-auto-scaling'
import { setTimeout as sleep } from 'node:timers/promises'
import { seed } from '../data/row-bank.ts'
import { physicalColumns, type Table } from '../data/tables.ts'
import { clusteringKey, partitionKey } from './items.ts'
import type { Store } from './store.ts'

/** ScalarDB's request units of a table, and of its own tables (scalar-labs/scalardb, DynamoAdmin). */
const units = 10
const metadataUnits = 1

/** Secondary indexes, which ScalarDL's own schema has none of: an application's. */
export const secondaryIndexes: Readonly<Record<string, readonly string[]>> = {
  'checking.transfer': ['savings'],
  'savings.transfer': ['checking'],
}

const throughput = (each: number) => ({ ReadCapacityUnits: each, WriteCapacityUnits: each })
const nameOf = (table: Table) => `${table.namespace}.${table.name}`

async function createTable({ client }: Store, input: CreateTableInput): Promise<void> {
  const { TableName } = input
  // Another pod may be faster.
  await client.createTable(input).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error
  })
  while ((await client.describeTable({ TableName })).Table?.TableStatus === 'CREATING') await sleep(100)
  await client.updateContinuousBackups({
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
}

/** Scaling as ScalarDB sets it up for a table and its indexes (scalar-labs/scalardb, DynamoAdmin.enableAutoScaling). */
async function enableScaling(
  { autoscaling }: Store,
  resources: readonly { resource: string; kind: 'table' | 'index' }[],
): Promise<void> {
  for (const { resource, kind } of resources) {
    for (const direction of ['Read', 'Write'] as const) {
      const ScalableDimension: ScalableDimension = `dynamodb:${kind}:${direction}CapacityUnits`
      const target = { ServiceNamespace: 'dynamodb', ResourceId: resource, ScalableDimension } as const
      await autoscaling.registerScalableTarget({ ...target, MinCapacity: units, MaxCapacity: units })
      await autoscaling.putScalingPolicy({
        ...target,
        PolicyName: `${resource}-${kind === 'index' ? 'index-' : ''}${direction.toLowerCase()}`,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 70,
          ScaleInCooldown: 60,
          ScaleOutCooldown: 60,
          PredefinedMetricSpecification: { PredefinedMetricType: `DynamoDB${direction}CapacityUtilization` },
        },
      })
    }
  }
}

async function addTable(store: Store, table: Table): Promise<void> {
  const TableName = store.physical(nameOf(table))
  const columns = secondaryIndexes[nameOf(table)] ?? []
  const keys = table.clusteringKey.length > 0 ? [partitionKey, clusteringKey] : [partitionKey]
  const indexes = columns.map((column): GlobalSecondaryIndex => ({
    IndexName: `${TableName}.global_index.${column}`,
    KeySchema: [{ AttributeName: column, KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
    ProvisionedThroughput: throughput(units),
  }))
  await createTable(store, {
    TableName,
    AttributeDefinitions: [
      ...keys.map((AttributeName) => ({ AttributeName, AttributeType: 'B' as const })),
      ...columns.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    ],
    KeySchema: keys.map((AttributeName, position) => ({ AttributeName, KeyType: position === 0 ? 'HASH' : 'RANGE' })),
    ProvisionedThroughput: throughput(units),
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
  })
  await enableScaling(store, [
    { resource: `table/${TableName}`, kind: 'table' },
    ...indexes.map((index) => ({ resource: `table/${TableName}/index/${index.IndexName}`, kind: 'index' as const })),
  ])
  await store.client.putItem({
    TableName: store.physical(`${store.connection.metadataNamespace}.metadata`),
    Item: metadataRow(table, TableName, columns),
  })
}

/** What ScalarDB writes of a table (scalar-labs/scalardb, DynamoAdmin.upsertTableMetadata). */
function metadataRow(table: Table, physical: string, indexed: readonly string[]) {
  const list = (names: readonly string[]) => ({ L: names.map((S) => ({ S })) })
  return {
    table: { S: physical },
    columns: { M: Object.fromEntries(physicalColumns(table).map(([name, type]) => [name, { S: type.toLowerCase() }])) },
    partitionKey: list(table.partitionKey),
    ...(table.clusteringKey.length > 0 && {
      clusteringKey: list(table.clusteringKey),
      clusteringOrders: { M: Object.fromEntries(table.clusteringKey.map((name) => [name, { S: 'ASC' }])) },
    }),
    ...(indexed.length > 0 && { secondaryIndex: { SS: [...indexed] } }),
  }
}

/**
 * Creates ScalarDB's own tables, the product's tables and the workload's data, unless an earlier pod has finished that:
 * what is there is then left as it is, so that nothing heals what was damaged or lost. Several pods may do so at once.
 * @param fillBytes ballast in all, half of it in each of the workload's namespaces
 */
export async function createSchema(store: Store, tables: readonly Table[], fillBytes: number): Promise<void> {
  const { metadataNamespace } = store.connection
  const namespaces = store.physical(`${metadataNamespace}.namespaces`)
  const rows = [metadataNamespace, ...new Set(tables.map((table) => table.namespace))].map((namespace) => ({
    namespace_name: { S: `${store.connection.prefix}${namespace}` },
  }))
  // The last row says that all is made.
  const Key = rows.at(-1) ?? {}
  const done = await store.client
    .getItem({ TableName: namespaces, Key, ConsistentRead: true })
    .catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return undefined
      throw error
    })
  if (done?.Item !== undefined) return
  const own = async (TableName: string, key: string) => {
    await createTable(store, {
      TableName,
      AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
      ProvisionedThroughput: throughput(metadataUnits),
    })
  }
  await Promise.all([own(store.physical(`${metadataNamespace}.metadata`), 'table'), own(namespaces, 'namespace_name')])
  await Promise.all(tables.map((table) => addTable(store, table)))
  await seed(store, fillBytes)
  for (const Item of rows) await store.client.putItem({ TableName: namespaces, Item })
}
