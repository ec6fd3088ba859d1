import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { operationName } from '../../../operation/names.ts'
import type { Action } from '../../command-line/command.ts'
import { readRecord } from '../../kubernetes/records/records.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { RestoreFlags } from './command.ts'
import { dropFormer, resumeRestore, undoRestore } from './former-restore.ts'
import { restoreBackup } from './restore-backup.ts'

/** Whether a name is that of an earlier restore: `--drop-previous` goes with a new restore and with an earlier one. */
async function namesRestore(session: Session, name: string): Promise<boolean> {
  if (name.includes('://') || (await readRecord(session, operationName('backup', name))) !== undefined) return false
  return (await readRecord(session, name.startsWith('restore-') ? name : operationName('restore', name))) !== undefined
}

/** @throws Failure (usage) where two of the flags for an earlier restore are given */
function refuseTogether({ continue: goesOn, dropPrevious, undo }: RestoreFlags): void {
  const given = [
    ...(goesOn ? ['--continue'] : []),
    ...(undo ? ['--undo'] : []),
    ...(dropPrevious ? ['--drop-previous'] : []),
  ]
  if (given.length < 2) return
  throw new Failure(
    {
      what: `${given.join(' and ')} exclude each other`,
      why: goesOn ? 'a restore first goes on to its end' : 'one needs the data that the other removes',
      next: 'leave one of them out',
    },
    { exitCode: ExitCode.usage },
  )
}

export const runRestore: Action<RestoreFlags> = async (flags, session, terminal) => {
  refuseTogether(flags)
  if (flags.continue) return resumeRestore(flags, session, terminal)
  if (flags.undo) return undoRestore(flags, session, terminal)
  if (flags.dropPrevious && (await namesRestore(session, flags.backup))) return dropFormer(flags, session, terminal)
  return restoreBackup(flags, session, terminal)
}
