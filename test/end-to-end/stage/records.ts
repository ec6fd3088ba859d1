import { parseRecord, type BackupPart, type OperationRecord } from '../../../operation/record.ts'
import type { Stage } from './stage.ts'

/** The record of an operation as its ConfigMap holds it, read by the contract's own reader. */
export async function recordOf(stage: Stage, operation: string): Promise<OperationRecord> {
  const name = `scalardl-${operation}.record`
  const { data } = await stage.get<{ data: Record<string, string> }>(['configmap', name])
  return parseRecord(data['record.json'] ?? '', name)
}

/** The backup in a record. @throws Error where it has none */
export function backupOf(record: OperationRecord): BackupPart {
  if (record.backup === undefined) throw new Error(`${record.operation} is not a backup`)
  return record.backup
}

/** Rows of one table at the restore point, over all databases of the backup. */
export function rowsOf(backup: BackupPart, schema: string, name: string): number | undefined {
  return backup.databases
    .flatMap((database) => database.tables)
    .find((table) => table.schema === schema && table.name === name)?.rows
}

/** From the first Pause sent to the last Unpause answered, ms. */
export function pausedMs(record: OperationRecord): number {
  const [window] = record.windows
  return Date.parse(window?.allUnpausedAt ?? '') - Date.parse(window?.pauseSentAt ?? '')
}
