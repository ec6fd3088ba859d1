import type { Finding } from '../../operation/finding.ts'
import { notRestoredTogether, restoredApart } from '../../operation/databases/restored-together.ts'
import { Failure } from '../../operation/failure.ts'
import type { BackupPart } from '../../operation/record.ts'
import type { DatabaseGroup } from '../databases/open.ts'

/** Whether what is backed up together can be restored together: a backup is made for that. */
export function checkTogether(databases: readonly Pick<DatabaseGroup, 'kind'>[]): Finding[] {
  const why = notRestoredTogether(databases.map(({ kind }) => ({ kind: kind.name })))
  if (why === undefined) return []
  return [
    {
      check: 'restore',
      subject: 'backup',
      outcome: 'error',
      message: `it could not be restored: ${why}`,
      cure:
        'keep all data of the releases in one kind of database, or back up each by its own means ' +
        'within `kubectl scalardl pause` and `unpause`',
    },
  ]
}

/** @throws Failure where a backup has databases that no operation restores together */
export function refuseApart(operation: string, { name, databases, restorePoint }: BackupPart): void {
  const why = notRestoredTogether(databases)
  if (why === undefined) return
  throw new Failure({
    what: `backup ${name} cannot be restored in one operation, nothing was touched`,
    why,
    next: restoredApart(operation, restorePoint),
  })
}
