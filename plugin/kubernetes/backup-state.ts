import type { OperationRecord } from '../../operation/record.ts'
import { isFinal } from '../../operation/settle.ts'

/** Whether a backup ended before anything was paused or written for it, mostly because it was refused: then there is none. */
export function notMade(record: OperationRecord): boolean {
  return isFinal(record) && record.state === 'failed' && record.windows.length === 0 && record.backup?.restorePoint === undefined && record.backup?.state !== 'restorable'
}

/** What there is of a backup, in a word: its own state, or how its operation stands where there is none. */
export function backupState(record: OperationRecord): string {
  if (!isFinal(record)) return record.state
  return notMade(record) ? 'not made' : (record.backup?.state ?? record.state)
}
