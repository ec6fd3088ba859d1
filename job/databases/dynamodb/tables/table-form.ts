import type {
  GlobalSecondaryIndexDescription,
  KeySchemaElement,
  OnDemandThroughput,
  Projection,
  ProvisionedThroughputDescription,
  TableDescription,
} from '@aws-sdk/client-dynamodb'
import type { GlobalIndexSettings, LocalIndexSettings, TableSettings } from '../settings/table-settings.ts'

/** The part of a table's settings that its description tells. */
export type TableForm = Omit<
  TableSettings,
  | 'autoscaling'
  | 'pointInTimeRecovery'
  | 'timeToLive'
  | 'kinesisStreams'
  | 'tags'
  | 'resourcePolicy'
  | 'contributorInsights'
  | 'unread'
>

/** Takes the settings out of a description, which also tells of a table's state. */
export function formOf(table: TableDescription): TableForm {
  const billingMode = table.BillingModeSummary?.BillingMode ?? 'PROVISIONED'
  const { SSEDescription: encryption, StreamSpecification: stream } = table
  const throughput = billingMode === 'PROVISIONED' ? throughputOf(table.ProvisionedThroughput) : undefined
  const onDemandLimit = limitOf(table.OnDemandThroughput)
  return {
    keySchema: keysOf(table.KeySchema),
    attributes: (table.AttributeDefinitions ?? [])
      .map(({ AttributeName, AttributeType }) => ({ name: AttributeName ?? '', type: AttributeType ?? 'S' }))
      .sort(byName),
    billingMode,
    ...(throughput === undefined ? {} : { throughput }),
    ...(onDemandLimit === undefined ? {} : { onDemandLimit }),
    globalIndexes: (table.GlobalSecondaryIndexes ?? []).map((index) => globalIndex(index, billingMode)).sort(byName),
    localIndexes: (table.LocalSecondaryIndexes ?? []).map(localIndex).sort(byName),
    ...(stream?.StreamEnabled === true && stream.StreamViewType !== undefined
      ? { streamView: stream.StreamViewType }
      : {}),
    ...(encryption?.SSEType === 'KMS' && encryption.KMSMasterKeyArn !== undefined
      ? { kmsKey: encryption.KMSMasterKeyArn }
      : {}),
    tableClass: table.TableClassSummary?.TableClass ?? 'STANDARD',
    deletionProtection: table.DeletionProtectionEnabled ?? false,
    replicas: (table.Replicas ?? []).flatMap(({ RegionName }) => RegionName ?? []).sort(),
  }
}

function globalIndex(
  index: GlobalSecondaryIndexDescription,
  billingMode: TableSettings['billingMode'],
): GlobalIndexSettings {
  const throughput = billingMode === 'PROVISIONED' ? throughputOf(index.ProvisionedThroughput) : undefined
  const onDemandLimit = limitOf(index.OnDemandThroughput)
  return {
    ...localIndex(index),
    ...(throughput === undefined ? {} : { throughput }),
    ...(onDemandLimit === undefined ? {} : { onDemandLimit }),
  }
}

function localIndex({
  IndexName,
  KeySchema,
  Projection,
}: {
  IndexName?: string | undefined
  KeySchema?: KeySchemaElement[] | undefined
  Projection?: Projection | undefined
}): LocalIndexSettings {
  const attributes = Projection?.NonKeyAttributes
  return {
    name: IndexName ?? '',
    keySchema: keysOf(KeySchema),
    projection: {
      type: Projection?.ProjectionType ?? 'ALL',
      ...(attributes === undefined || attributes.length === 0 ? {} : { attributes: attributes.toSorted() }),
    },
  }
}

/** In DynamoDB's own order, which tells of keys that consist of several attributes. */
function keysOf(keys: readonly KeySchemaElement[] | undefined): TableSettings['keySchema'] {
  return (keys ?? []).map(({ AttributeName, KeyType }) => ({ attribute: AttributeName ?? '', type: KeyType ?? 'HASH' }))
}

function throughputOf(units: ProvisionedThroughputDescription | undefined): TableSettings['throughput'] {
  return { readUnits: units?.ReadCapacityUnits ?? 0, writeUnits: units?.WriteCapacityUnits ?? 0 }
}

function limitOf(units: OnDemandThroughput | undefined): TableSettings['onDemandLimit'] {
  const { MaxReadRequestUnits: read, MaxWriteRequestUnits: write } = units ?? {}
  if (read === undefined && write === undefined) return undefined
  return {
    ...(read === undefined ? {} : { maxReadUnits: read }),
    ...(write === undefined ? {} : { maxWriteUnits: write }),
  }
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}
