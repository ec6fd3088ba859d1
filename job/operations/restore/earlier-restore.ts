import { hasDataBeside } from '../../../operation/outcome/leftover-data.ts'
import { Failure } from '../../../operation/failure.ts'
import type { BackupPart, OperationRecord, RestorePart } from '../../../operation/record.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { undoContext } from '../database-contexts.ts'
import { databasesBackedUp, openRestored } from '../open-databases.ts'
import { signedAsWritten, verifyRecord } from '../../context/signing.ts'
import { restorable } from '../backup/restorable.ts'
import { wasStopping } from './stop-and-start.ts'

/** The step of an undo that removes restored data that is not in service, and nothing else. */
export const removalStep = 'remove what is beside'

/** Whether an earlier worker of this undo began that removal: the record may not show it any more. */
export function isRemoving({ journal }: Pick<OperationContext<'undo' | 'drop' | 'resume'>, 'journal'>): boolean {
  return journal.begun(removalStep)
}

/**
 * An earlier restore and the databases that it switched, opened under its name so that they know what it made.
 * @throws Failure where nobody trusted vouches for its record or its backup's, where its backup is no longer known, or
 * where its restored data is not in service. For an undo, data that stands beside the former or is half-way back will
 * do as well; for a resume, only a restore that waits.
 */
export async function formerRestore(
  context: OperationContext<'undo' | 'drop' | 'resume'>,
  operation: string,
): Promise<{ record: OperationRecord & { restore: RestorePart }; databases: RestoredData[] }> {
  const record = await context.cluster.readRecord(operation)
  verifyRecord(context, record, context.request.trust)
  const { restore } = record
  // A restore that left nothing in service can be undone, since each database is asked. Nothing of it may be dropped.
  const possible = context.request.kind === 'undo' ? ['restored', 'nothing'] : ['restored']
  // An earlier worker of this undo recorded it, and was killed before the releases served again.
  if (context.request.kind === 'undo' && wasStopping(context)) possible.push('previous')
  const beside = context.request.kind === 'undo' && (hasDataBeside(record) || isRemoving(context))
  const resumes = context.request.kind === 'resume' && (restore?.waitsFor !== undefined || context.journal.resumed)
  if (
    restore === undefined ||
    (context.request.kind === 'resume' ? !resumes : !possible.includes(restore.serving) && !beside)
  ) {
    throw new Failure({
      what: `nothing to do for ${operation}`,
      why:
        restore === undefined
          ? 'it is not a restore'
          : context.request.kind === 'resume'
            ? 'it does not wait for you'
            : 'the data it restored is not in service',
      next: 'choose a restore from `kubectl scalardl get restores`',
    })
  }
  const restored = await context.cluster.readRecord(restore.backup)
  const backup = restorable(restored)
  verifyRecord(context, restored, context.request.trust)
  if (backup.restorePoint !== restore.restorePoint) throw anotherBackup(operation, backup, restore)
  const former = { ...record, restore }
  const present = await databasesBackedUp(context.request.target, backup.databases, context.signal)
  const databases = openRestored(present, backup.databases, restore.databases, undoContext(context, former))
  return { record: former, databases }
}

/** Writes what became of an earlier restore, whose record was verified. */
export async function rewriteRestore(
  { cluster, signing }: Pick<OperationContext<'undo' | 'drop' | 'resume'>, 'cluster' | 'signing'>,
  former: OperationRecord & { restore: RestorePart },
  changed: Partial<RestorePart>,
): Promise<void> {
  await cluster.writeRecord(signedAsWritten({ ...former, restore: { ...former.restore, ...changed } }, signing))
}

/** The failure for a backup that took the name of a deleted one: its tables may be the ones in service. */
function anotherBackup(operation: string, backup: BackupPart, restore: RestorePart): Failure {
  return new Failure({
    what: `nothing was done for ${operation}`,
    why:
      `backup ${backup.name} is another than the one it restored: ` +
      `of ${backup.restorePoint ?? 'an unknown point'}, not ${restore.restorePoint ?? 'of an unknown one'}`,
    next:
      `only the backup of that point tells what ${operation} made and kept; ` +
      'point the releases, or remove tables and databases, yourself',
  })
}
