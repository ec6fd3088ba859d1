import type { DatabaseBackup, OperationRecord } from '../record.ts'
import { isFinal } from './outcome.ts'

/** A record of a backup whose point can be restored, as far as is known. */
type Usable = OperationRecord & { backup: NonNullable<OperationRecord['backup']> }

/** Whether a backup's point is gone from one of its databases. */
export function isLost({ databases }: { databases: readonly DatabaseBackup[] }): boolean {
  return databases.some(({ standing }) => standing?.state === 'lost')
}

/**
 * The backups that cannot be restored any more once something is deleted.
 * @param records of the namespace
 * @param ends whether the point of a database's backup ends with it
 */
export function endangered(records: readonly OperationRecord[], ends: (entry: DatabaseBackup) => boolean): Usable[] {
  return records.flatMap((record) => {
    const { backup } = record
    if (backup?.state !== 'restorable' || !isFinal(record) || isLost(backup)) return []
    return backup.databases.some(ends) ? [{ ...record, backup }] : []
  })
}
