import { hasDataBeside } from '../../../operation/outcome/leftover-data.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { operationName, type OperationKind } from '../../../operation/names.ts'
import type { BackupPart, OperationRecord, RestorePart } from '../../../operation/record.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'
import { findOperation } from '../../kubernetes/records/operations.ts'
import { knownOperations, readRecord } from '../../kubernetes/records/records.ts'
import type { Session } from '../../kubernetes/api/session.ts'

export type BackupRecord = OperationRecord & { backup: BackupPart }
export type RestoreRecord = OperationRecord & { restore: RestorePart }

/** The record of that name. @throws Failure naming the latest of its kind, where there is none */
async function find(session: Session, kind: OperationKind, name: string): Promise<OperationRecord> {
  const record =
    (await readRecord(session, operationName(kind, name))) ??
    (name.startsWith(`${kind}-`) ? await readRecord(session, name) : undefined)
  if (record !== undefined) return record
  const latest = (await knownOperations(session, kind))
    .slice(-5)
    .map((known) => known.operation.replace(`${kind}-`, ''))
  throw new Failure({
    what: `${kind} "${name}" is not known in namespace ${session.namespace}`,
    why: latest.length === 0 ? `there is no ${kind} there` : `the latest there are ${latest.toReversed().join(', ')}`,
    next:
      'choose one from `kubectl scalardl get ' +
      `${kind}s\`${kind === 'backup' ? ', or give pvc://CLAIM/path/BACKUP for one of another cluster' : ''}`,
  })
}

/**
 * A backup that may be restored, by its name or its operation's.
 * @throws Failure for one that is unknown, under way, or unusable (exit code 3)
 */
export async function findBackup(session: Session, name: string): Promise<BackupRecord> {
  return checkBackup(await find(session, 'backup', name))
}

/** The backup of an earlier restore; its point may be lost since. */
export async function findRestoredBackup(session: Session, name: string): Promise<BackupRecord> {
  return checkRecorded(await find(session, 'backup', name))
}

/** The backup of a record. @throws Failure where it may not be restored */
export function checkBackup(record: OperationRecord): BackupRecord {
  const checked = checkRecorded(record)
  const lost = checked.backup.databases.find(({ standing }) => standing?.state === 'lost')
  if (lost?.standing === undefined) return checked
  const { since, by, why } = lost.standing
  throw new Failure(
    {
      what: `backup ${checked.backup.name} cannot be restored`,
      why: `its point in ${lost.title} is lost since ${since}, by ${by}: ${why}`,
      next: 'choose a restorable one from `kubectl scalardl get backups`',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

function checkRecorded(record: OperationRecord): BackupRecord {
  const { backup } = record
  if (backup !== undefined && !isFinal(record) && backup.state !== 'restorable') {
    throw new Failure(
      {
        what: `backup ${backup.name} cannot be restored yet`,
        why: `${record.operation} is ${record.state}`,
        next: `wait for it: kubectl scalardl wait ${record.operation}`,
      },
      { exitCode: ExitCode.backupUnusable },
    )
  }
  if (backup?.state === 'restorable') return { ...record, backup }
  const why =
    backup === undefined
      ? `${record.operation} is ${record.state} and left no backup`
      : `it is ${backup.state}${backup.reason === undefined ? '' : `: ${backup.reason}`}`
  throw new Failure(
    {
      what: `backup ${backup?.name ?? record.operation} cannot be restored`,
      why,
      next: 'choose a restorable one from `kubectl scalardl get backups`',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

/** Whether an operation is over: where all its workers are dead, only its Job tells. */
async function isOver(session: Session, record: OperationRecord): Promise<boolean> {
  if (isFinal(record)) return true
  const { record: concluded } = await findOperation(session, record.operation)
  return concluded !== undefined && isFinal(concluded)
}

/** What an earlier restore is looked for. */
export type Purpose = 'undo' | 'drop' | 'resume'

/**
 * A restore that has put its data in service; for a resume one that waits; for an undo also one that failed half-way or
 * left its data beside.
 * @throws Failure for any other
 */
export async function findRestore(session: Session, name: string, purpose: Purpose): Promise<RestoreRecord> {
  const record = await find(session, 'restore', name)
  const { restore } = record
  if (purpose === 'resume') {
    if (restore?.waitsFor !== undefined) return { ...record, restore }
  } else if (
    restore?.serving === 'restored' ||
    (purpose === 'undo' &&
      restore !== undefined &&
      (restore.serving === 'nothing' || (hasDataBeside(record) && (await isOver(session, record)))))
  )
    return { ...record, restore }
  throw new Failure({
    what: `nothing to do for ${record.operation}`,
    why:
      restore === undefined
        ? `it is ${record.state} and changed nothing`
        : purpose === 'resume'
          ? 'it does not wait for you'
          : `the data in service is the ${restore.serving}, not what it restored`,
    next: 'choose another from `kubectl scalardl get restores`',
  })
}
