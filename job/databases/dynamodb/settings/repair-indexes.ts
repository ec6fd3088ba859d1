import {
  UpdateTableCommand,
  type CreateGlobalSecondaryIndexAction,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import type { Journal } from '../../../journal/journal.ts'
import { isSteady, lookAtTable } from '../tables/look-at-table.ts'
import type { GlobalIndexSettings, TableSettings } from './table-settings.ts'
import { onDemandThroughput, provisionedThroughput } from './throughput.ts'
import { onceAllowed, until } from '../../../aws/polling.ts'

/**
 * Makes the indexes that a restored table should have and does not, one after another as DynamoDB wants it, each filled
 * before the next begins.
 */
export async function repairIndexes(
  client: DynamoDBClient,
  table: string,
  expected: TableSettings,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  for (const index of expected.globalIndexes) {
    if (await hasIndex(client, table, index.name)) continue
    await journal.ensure(`create index ${index.name} of ${table}`, () =>
      createIndex(client, table, index, expected, signal),
    )
    await untilSteady(client, table, signal)
  }
}

/** Waits until a table and all its indexes are ready. @throws Error where it vanishes */
export async function untilSteady(client: DynamoDBClient, table: string, signal: AbortSignal): Promise<void> {
  await until(async () => {
    const found = await lookAtTable(client, table)
    if (found === undefined) throw new Error(`table ${table} has vanished`)
    return isSteady(found) ? true : undefined
  }, signal)
}

async function hasIndex(client: DynamoDBClient, table: string, index: string): Promise<boolean> {
  return hasIndexNamed(await lookAtTable(client, table), index)
}

function hasIndexNamed(found: TableDescription | undefined, index: string): boolean {
  return (found?.GlobalSecondaryIndexes ?? []).some(({ IndexName }) => IndexName === index)
}

async function createIndex(
  client: DynamoDBClient,
  table: string,
  index: GlobalIndexSettings,
  expected: TableSettings,
  signal: AbortSignal,
): Promise<void> {
  const keys = new Set([...expected.keySchema, ...index.keySchema].map(({ attribute }) => attribute))
  const definitions = expected.attributes
    .filter(({ name }) => keys.has(name))
    .map(({ name, type }) => ({ AttributeName: name, AttributeType: type }))
  await onceAllowed(async () => {
    const found = await lookAtTable(client, table)
    if (hasIndexNamed(found, index.name)) return
    const isOnDemand = found?.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST'
    const { throughput: _units, ...unlimited } = index
    const input = {
      TableName: table,
      AttributeDefinitions: definitions,
      GlobalSecondaryIndexUpdates: [{ Create: creation(isOnDemand ? unlimited : index) }],
    }
    await client.send(new UpdateTableCommand(input)).catch(async (error: unknown) => {
      // an answer may have been lost after it was made, and the call made again
      if (!(await hasIndex(client, table, index.name))) throw error
    })
  }, signal)
}

function creation({
  name,
  keySchema,
  projection,
  throughput,
  onDemandLimit,
}: GlobalIndexSettings): CreateGlobalSecondaryIndexAction {
  return {
    IndexName: name,
    KeySchema: keySchema.map(({ attribute, type }) => ({ AttributeName: attribute, KeyType: type })),
    Projection: {
      ProjectionType: projection.type,
      ...(projection.attributes === undefined ? {} : { NonKeyAttributes: projection.attributes }),
    },
    ...(throughput === undefined ? {} : { ProvisionedThroughput: provisionedThroughput(throughput) }),
    ...(onDemandLimit === undefined ? {} : { OnDemandThroughput: onDemandThroughput(onDemandLimit) }),
  }
}
