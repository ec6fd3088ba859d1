import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Journal } from '../../../journal/journal.ts'
import type { BackupWatch } from './backup-watch.ts'
import type { BackedUpTable } from '../details.ts'
import type { RestoreFrom } from '../tables/look-at-table.ts'
import { limits } from '../../../aws/rate-limits.ts'
import { ensureRestoreBegun, untilRestored } from '../restore/restore-table.ts'
import { ensureBackup, untilAvailable } from './table-backup.ts'
import type { PartProgress } from '../../point-in-time/progress.ts'
import { onDemandForm } from '../settings/on-demand-form.ts'

interface OperationTools {
  dynamo: DynamoDBClient
  watch: BackupWatch
  progress: PartProgress
  journal: Journal
  signal: AbortSignal
}

/** A moment of a table, and what the temporary table and its backup are called. */
interface Point {
  table: BackedUpTable
  from: RestoreFrom
  temporary: string
}

/** The step of the journal with which it begins. */
export function restoreStep({ table, temporary }: Pick<Point, 'table' | 'temporary'>): string {
  return `restore ${table.name} to ${temporary}`
}

/**
 * Makes an on-demand backup of one moment, as far as it is not done. Taken of a table under writes it would be of no
 * one moment, so it is taken of a temporary table, restored to the moment and then quiet. Answers once it is AVAILABLE;
 * the temporary table stays.
 */
export async function backUpPoint(
  { dynamo, watch, progress, journal, signal }: OperationTools,
  { table, from, temporary }: Point,
): Promise<void> {
  const restore = { name: temporary, from, expected: onDemandForm(table.settings) }
  const surroundings = { dynamo, source: dynamo, signal }
  progress.enter(table.name, 'waiting for its turn')
  await limits.restores.run(async () => {
    progress.enter(table.name, 'restoring to a temporary table')
    await journal.ensure(restoreStep({ table, temporary }), () => ensureRestoreBegun(surroundings, restore))
    await untilRestored(surroundings, restore)
  }, signal)
  progress.enter(table.name, 'backing up the temporary table')
  await journal.ensure(`back up ${temporary}`, () => ensureBackup(dynamo, watch, temporary, temporary, signal))
  await untilAvailable(watch, temporary, signal)
}
