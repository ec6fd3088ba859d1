import type { OnDemandThroughput } from '@aws-sdk/client-dynamodb'
import type { TableSettings } from './table-settings.ts'

/** Highest request units as AWS is told of them. */
export function onDemandThroughput({
  maxReadUnits,
  maxWriteUnits,
}: NonNullable<TableSettings['onDemandLimit']>): OnDemandThroughput {
  return {
    ...(maxReadUnits === undefined ? {} : { MaxReadRequestUnits: maxReadUnits }),
    ...(maxWriteUnits === undefined ? {} : { MaxWriteRequestUnits: maxWriteUnits }),
  }
}

/** Provisioned units as AWS is told of them. */
export function provisionedThroughput({ readUnits, writeUnits }: NonNullable<TableSettings['throughput']>) {
  return { ReadCapacityUnits: readUnits, WriteCapacityUnits: writeUnits }
}
