import type { GlobalSecondaryIndexInfo, RestoreTableFromBackupInput, SSEDescription } from '@aws-sdk/client-dynamodb'
import type { TableSettings } from '../settings/table-settings.ts'
import { onDemandThroughput, provisionedThroughput } from '../settings/throughput.ts'

/** What a restore would give the new table by itself: AWS takes it from the source as it stands, or from the backup. */
export interface SourceForm {
  globalIndexes: readonly GlobalSecondaryIndexInfo[]
  encryption: SSEDescription | undefined
}

type Overrides = Pick<
  RestoreTableFromBackupInput,
  | 'BillingModeOverride'
  | 'ProvisionedThroughputOverride'
  | 'OnDemandThroughputOverride'
  | 'GlobalSecondaryIndexOverride'
  | 'SSESpecificationOverride'
>

/**
 * What a restore is told so that the table is as it should be from the start. Indexes can be kept or left out, not
 * renamed: one that is called otherwise afterwards is left out here and made anew.
 */
export function restoreForm(expected: TableSettings, source: SourceForm): Overrides {
  const kept = source.globalIndexes.filter(({ IndexName }) =>
    expected.globalIndexes.some((index) => index.name === IndexName),
  )
  return {
    ...capacity(expected),
    ...(source.globalIndexes.length === 0
      ? {}
      : { GlobalSecondaryIndexOverride: kept.map((index) => keptIndex(index, expected)) }),
    ...encryption(expected, source),
  }
}

function capacity({ billingMode, throughput, onDemandLimit }: TableSettings): Overrides {
  if (billingMode === 'PROVISIONED') {
    return {
      BillingModeOverride: billingMode,
      ...(throughput === undefined ? {} : { ProvisionedThroughputOverride: provisionedThroughput(throughput) }),
    }
  }
  return {
    BillingModeOverride: billingMode,
    ...(onDemandLimit === undefined ? {} : { OnDemandThroughputOverride: onDemandThroughput(onDemandLimit) }),
  }
}

function keptIndex({ IndexName, KeySchema, Projection }: GlobalSecondaryIndexInfo, expected: TableSettings) {
  const index = expected.globalIndexes.find(({ name }) => name === IndexName)
  return {
    IndexName,
    KeySchema,
    Projection,
    ...(index?.throughput === undefined ? {} : { ProvisionedThroughput: provisionedThroughput(index.throughput) }),
    ...(index?.onDemandLimit === undefined ? {} : { OnDemandThroughput: onDemandThroughput(index.onDemandLimit) }),
  }
}

/** Said only where it differs from the source's, since AWS takes no key of its own by name. */
function encryption({ kmsKey }: TableSettings, { encryption: present }: SourceForm): Overrides {
  const current = present?.SSEType === 'KMS' ? present.KMSMasterKeyArn : undefined
  if (kmsKey === current) return {}
  return {
    SSESpecificationOverride:
      kmsKey === undefined ? { Enabled: false } : { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: kmsKey },
  }
}
