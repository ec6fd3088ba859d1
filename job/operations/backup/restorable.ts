import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { BackupPart, OperationRecord } from '../../../operation/record.ts'

/** @throws Failure (exit code 3) where what held the point of one of its databases was deleted */
export function refuseLost({ name, databases }: BackupPart): void {
  const lost = databases.find(({ standing }) => standing?.state === 'lost')
  if (lost?.standing === undefined) return
  const { since, by, why } = lost.standing
  throw new Failure(
    {
      what: `backup ${name} cannot be restored`,
      why: `its point in ${lost.title} is lost since ${since}, by ${by}: ${why}`,
      next: 'choose a restorable one from `kubectl scalardl get backups`',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

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
