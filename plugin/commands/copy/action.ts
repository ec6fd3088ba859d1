import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { formatLocation, parseLocation, pathAt } from '../../../operation/location.ts'
import { defaultName } from '../../../operation/names.ts'
import { exitCodeOf } from '../../../operation/outcome/outcome.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readTransfer } from '../../flags/transfer.ts'
import { readTrust } from '../../flags/trust.ts'
import { chooseName, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { refuseStranger } from '../../operations/refuse-untrusted.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import { withoutTarget } from '../../presentation/without-target.ts'
import { findBackup } from '../restore/find-record.ts'
import type { CopyFlags } from './command.ts'

/** Copies one backup by a Job, since only a pod reaches the storages. */
export const runCopy: Action<CopyFlags> = async (flags, session, terminal) => {
  const options = readJobOptions(flags)
  const to = formatLocation(parseLocation(flags.to))
  const trust = readTrust(flags)
  const record = await findBackup(session, flags.backup)
  const { backup, operation } = record
  const { location: from } = backup
  if (from === undefined)
    throw new Failure(
      {
        what: `backup ${backup.name} cannot be copied`,
        why: 'the services of its databases keep it, and there are no files of it',
        next: 'have these services copy it',
      },
      { exitCode: ExitCode.usage },
    )
  await refuseStranger(session, record, trust)
  const name = flags.name === undefined ? defaultName(backup.name, Date.now()) : chooseName(flags.name, backup.name)
  const core = requestCore(session, 'copy', name, withoutTarget)
  const request: RequestOf<'copy'> = { ...core, backup: operation, from, to, ...readTransfer(flags), trust }
  const objects = await prepareOperation(session, request, [], { location: from, target: to }, options)
  const done = await runOperation(session, terminal, objects, flags)
  if (done === undefined) return ExitCode.done
  const code = exitCodeOf(done)
  const copied = flags.output === 'name' ? '' : ` copied to ${pathAt(to, backup.name)}`
  if (code === ExitCode.done) terminal.data(`backup/${backup.name}${copied}`)
  else showVerdict(terminal, done)
  return code
}
