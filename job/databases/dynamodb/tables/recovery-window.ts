import { DescribeContinuousBackupsCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { limits } from '../../../aws/rate-limits.ts'
import type { RecoveryWindow } from '../../point-in-time/recovery-window.ts'
import type { RestorableParts } from '../../point-in-time/wait-until-restorable.ts'

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

/** DynamoDB's tables, as their windows are waited for. */
export function restorableTables(client: DynamoDBClient): RestorableParts {
  return {
    readWindow: (table, signal) => readWindow(client, table, signal),
    noun: 'table',
    keeper: 'point-in-time recovery',
    cure: 'see that point-in-time recovery of every table is on and stays on, then back up again',
  }
}
