import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { BackupPart, OperationRecord } from '../../operation/record.ts'

/** A backup whose data is complete and somewhere. */
export type RestorableBackup = BackupPart & { location: string }

/**
 * The backup of a record, if it may be restored.
 * @throws Failure (exit code 3) where it is no backup, unfinished or unusable.
 */
export function restorable(record: OperationRecord): RestorableBackup {
  const { backup } = record
  if (backup === undefined) {
    throw new Failure({ what: `${record.operation} cannot be restored`, why: 'it is not a backup', next: 'choose one from `kubectl scalardl get backups`' })
  }
  if (backup.state === 'restorable' && backup.location !== undefined) return { ...backup, location: backup.location }
  throw new Failure(
    {
      what: `backup ${backup.name} cannot be restored`,
      why: `it is ${backup.state}${backup.reason === undefined ? '' : `: ${backup.reason}`}`,
      next: 'choose a restorable one from `kubectl scalardl get backups`',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}
