import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { operationName } from '../../../operation/names.ts'
import type { Action } from '../../command-line/command.ts'
import { readRecord } from '../../kubernetes/records/records.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { RestoreFlags } from './command.ts'
import { dropFormer, undoRestore } from './former-restore.ts'
import { restoreBackup } from './restore-backup.ts'

/** Whether a name is that of an earlier restore: `--drop-previous` goes with a new restore and with an earlier one. */
async function namesRestore(session: Session, name: string): Promise<boolean> {
  if (name.includes('://') || (await readRecord(session, operationName('backup', name))) !== undefined) return false
  return (await readRecord(session, name.startsWith('restore-') ? name : operationName('restore', name))) !== undefined
}

export const runRestore: Action<RestoreFlags> = async (flags, session, terminal) => {
  if (flags.undo && flags.dropPrevious) {
    throw new Failure(
      {
        what: '--undo and --drop-previous exclude each other',
        why: 'one needs the data that the other removes',
        next: 'leave one of them out',
      },
      { exitCode: ExitCode.usage },
    )
  }
  if (flags.undo) return undoRestore(flags, session, terminal)
  if (flags.dropPrevious && (await namesRestore(session, flags.backup))) return dropFormer(flags, session, terminal)
  return restoreBackup(flags, session, terminal)
}
