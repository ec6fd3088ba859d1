import { DescribeContinuousBackupsCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { limits } from '../../../aws/rate-limits.ts'

/** What point-in-time recovery can bring back of a table. */
export interface RecoveryWindow {
  /** undefined for a table of which nothing is kept yet */
  earliestMs: number | undefined
  /** trails the present by some 5 minutes */
  latestMs: number | undefined
  /** 1 to 35; undefined where the service does not say */
  periodDays: number | undefined
}

/** A table's window of recovery, undefined where point-in-time recovery is off. */
export async function readWindow(
  client: DynamoDBClient,
  table: string,
  signal?: AbortSignal,
): Promise<RecoveryWindow | undefined> {
  const ask = () => client.send(new DescribeContinuousBackupsCommand({ TableName: table }))
  const { ContinuousBackupsDescription: found } = await limits.describeContinuousBackups.run(ask, signal)
  const recovery = found?.PointInTimeRecoveryDescription
  if (recovery?.PointInTimeRecoveryStatus !== 'ENABLED') return undefined
  return {
    earliestMs: recovery.EarliestRestorableDateTime?.getTime(),
    latestMs: recovery.LatestRestorableDateTime?.getTime(),
    periodDays: recovery.RecoveryPeriodInDays,
  }
}

/**
 * Whether AWS would keep the last state of a table that is deleted now: it does where point-in-time recovery is on
 * (DynamoDB: point-in-time recovery, deleting a table). Undefined where the table is not there any more, or not yet.
 */
export async function isKeptWhenDeleted(
  client: DynamoDBClient,
  table: string,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  try {
    return (await readWindow(client, table, signal)) !== undefined
  } catch (error) {
    if (nameOf(error) === 'TableNotFoundException') return undefined
    throw error
  }
}
