import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { BackupPart, OperationRecord } from '../../../operation/record.ts'

/**
 * The backup of a record, if it may be restored.
 * @throws Failure (exit code 3) where it is no backup, unfinished or unusable.
 */
export function restorable(record: OperationRecord): BackupPart {
  const { backup } = record
  if (backup === undefined) {
    throw new Failure({
      what: `${record.operation} cannot be restored`,
      why: 'it is not a backup',
      next: 'choose one from `kubectl scalardl get backups`',
    })
  }
  if (backup.state === 'restorable') return backup
  throw new Failure(
    {
      what: `backup ${backup.name} cannot be restored`,
      why: `it is ${backup.state}${backup.reason === undefined ? '' : `: ${backup.reason}`}`,
      next: 'choose a restorable one from `kubectl scalardl get backups`',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}
