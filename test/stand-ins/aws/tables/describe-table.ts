import { seconds } from '../service/clock.ts'
import type { Region } from '../service/service.ts'
import type { Index, Table } from './table.ts'

const throughput = (
  given: { ReadCapacityUnits?: number | undefined; WriteCapacityUnits?: number | undefined } | undefined,
) => ({
  NumberOfDecreasesToday: 0,
  ReadCapacityUnits: given?.ReadCapacityUnits ?? 0,
  WriteCapacityUnits: given?.WriteCapacityUnits ?? 0,
})

function encryption({ encryption }: Table, { region, account }: Region) {
  if (encryption?.Enabled !== true) return {}
  const id = encryption.KMSMasterKeyId ?? 'alias/aws/dynamodb'
  return {
    SSEDescription: {
      Status: 'ENABLED',
      SSEType: 'KMS',
      KMSMasterKeyArn: id.startsWith('arn:')
        ? id
        : `arn:aws:kms:${region}:${account}:${id.startsWith('alias/') ? id : `key/${id}`}`,
    },
  }
}

function indexes(table: Table, { items, bytes }: { items: number; bytes: number }) {
  const globals = table.globals.map(({ definition, status }: Index) => ({
    ...definition,
    IndexStatus: status,
    ...(status === 'CREATING' && { Backfilling: table.status !== 'CREATING' }),
    ProvisionedThroughput: throughput(definition.ProvisionedThroughput),
    IndexSizeBytes: bytes,
    ItemCount: items,
    IndexArn: `${table.arn}/index/${definition.IndexName}`,
  }))
  const locals = table.locals.map((index) => ({
    ...index,
    IndexSizeBytes: bytes,
    ItemCount: items,
    IndexArn: `${table.arn}/index/${index.IndexName}`,
  }))
  return {
    ...(locals.length > 0 && { LocalSecondaryIndexes: locals }),
    ...(globals.length > 0 && { GlobalSecondaryIndexes: globals }),
  }
}

/** TableDescription of a table, times as seconds since 1970. */
export function describeTable(table: Table, region: Region): Record<string, unknown> {
  const size = table.history.size
  const onDemand = table.billing === 'PAY_PER_REQUEST'
  return {
    TableName: table.name,
    TableArn: table.arn,
    TableId: table.id,
    TableStatus: table.status,
    CreationDateTime: seconds(table.createdMs),
    AttributeDefinitions: table.attributes,
    KeySchema: table.keys,
    ProvisionedThroughput: throughput(onDemand ? undefined : table.throughput),
    ...(onDemand && {
      BillingModeSummary: { BillingMode: table.billing, LastUpdateToPayPerRequestDateTime: seconds(table.createdMs) },
    }),
    ...(table.onDemand !== undefined && { OnDemandThroughput: table.onDemand }),
    TableSizeBytes: size.bytes,
    ItemCount: size.items,
    ...indexes(table, size),
    ...(table.class !== undefined && { TableClassSummary: { TableClass: table.class } }),
    ...(table.stream !== undefined && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream.StreamViewType },
      LatestStreamLabel: table.stream.label,
      LatestStreamArn: `${table.arn}/stream/${table.stream.label}`,
    }),
    ...encryption(table, region),
    ...(table.restore !== undefined && {
      RestoreSummary: {
        ...(table.restore.sourceBackupArn !== undefined && { SourceBackupArn: table.restore.sourceBackupArn }),
        SourceTableArn: table.restore.sourceTableArn,
        RestoreDateTime: seconds(table.restore.atMs),
        RestoreInProgress: table.restore.inProgress,
      },
    }),
    DeletionProtectionEnabled: table.protected,
  }
}
