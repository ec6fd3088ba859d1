import type { Finding } from '../../operation/finding.ts'
import { notRestoredTogether, restoredApart, restoredTogether } from '../../operation/databases/restored-together.ts'
import { Failure } from '../../operation/failure.ts'
import type { BackupPart } from '../../operation/record.ts'
import type { RestoreChoice } from '../../operation/restore-options.ts'

/**
 * Whether what is backed up together can be restored together: a backup is made for that.
 * @param databases with the names of their kinds
 */
export function checkTogether(databases: readonly { kind: string }[]): Finding[] {
  const together = restoredTogether(databases)
  const check = { check: 'restore', subject: 'backup' }
  switch (together.by) {
    case 'any choice':
      return []
    case 'patch alone':
      return [
        {
          ...check,
          outcome: 'warning',
          message: `only --repoint patch will restore it: ${together.why}`,
          cure: 'have the doctor say that "restore --repoint patch may do it" before you need it',
        },
      ]
    case 'no choice':
      return [
        {
          ...check,
          outcome: 'error',
          message: `it could not be restored: ${together.why}`,
          cure:
            'keep all data of the releases in one kind of database, or back up each by its own means ' +
            'within `kubectl scalardl pause` and `unpause`',
        },
      ]
  }
}

/** @throws Failure where a backup has databases that no operation restores together in the way that was chosen */
export function refuseApart(operation: string, backup: BackupPart, choice: RestoreChoice | undefined): void {
  const why = notRestoredTogether(backup.databases, choice)
  if (why === undefined) return
  throw new Failure({
    what: `backup ${backup.name} cannot be restored in one operation, nothing was touched`,
    why,
    next: restoredApart(operation, backup),
  })
}
