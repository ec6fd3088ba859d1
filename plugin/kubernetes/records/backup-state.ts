import type { BackupPart, OperationRecord } from '../../../operation/record.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'

/** Whether a backup ended before anything was paused or written for it, mostly because it was refused: then there is none. */
export function notMade(record: OperationRecord): boolean {
  return (
    isFinal(record) &&
    record.state === 'failed' &&
    record.windows.length === 0 &&
    record.backup?.restorePoint === undefined &&
    record.backup?.state !== 'restorable'
  )
}

/** What there is of a backup, in a word: its own state, or how its operation stands where there is none. */
export function backupState(record: OperationRecord, nowMs = Date.now()): string {
  if (!isFinal(record)) return record.state
  if (record.backup?.state === 'restorable' && hasExpired(record.backup, nowMs)) return 'expired'
  return notMade(record) ? 'not made' : (record.backup?.state ?? record.state)
}

/** Whether a service kept the point for a while only, which was over by its settings at the time of the backup. */
function hasExpired({ databases }: BackupPart, nowMs: number): boolean {
  return databases.some(({ folder, serviceBackups = 0, tables, details }) => {
    const until = details['restorableUntil']
    return (
      folder === undefined && serviceBackups < tables.length && typeof until === 'string' && Date.parse(until) < nowMs
    )
  })
}
