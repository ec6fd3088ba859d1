import { ExitCode } from '../../../operation/exit-code.ts'
import { checkName, defaultName, longestMaterializeName } from '../../../operation/names.ts'
import { exitCodeOf } from '../../../operation/outcome/outcome.ts'
import type { Action } from '../../command-line/command.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readTrust } from '../../flags/trust.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { findReleases } from '../../kubernetes/releases/releases.ts'
import { databaseParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { refuseStranger } from '../../operations/refuse-untrusted.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import { withoutTarget } from '../../presentation/without-target.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { findBackup, type BackupRecord } from '../restore/find-record.ts'
import type { MaterializeFlags } from './command.ts'

/** Has one backup materialized by a Job, since only a pod reaches the databases. */
async function materializeOne(
  session: Session,
  terminal: Terminal,
  { operation, releases, backup }: BackupRecord,
  flags: MaterializeFlags,
): Promise<ExitCode> {
  const parts = await databaseParts(session, await findReleases(session, releases))
  const name = flags.name ?? defaultName(backup.name, Date.now(), longestMaterializeName)
  const target = { ...withoutTarget, releases: parts.map((part) => part.target) }
  const request = {
    ...requestCore(session, 'materialize', name, target),
    backup: operation,
    trust: readTrust(flags),
  }
  const extra = { location: undefined, databaseSecret: flags.databaseSecret }
  const objects = await prepareOperation(session, request, parts, extra, readJobOptions(flags))
  const record = await runOperation(session, terminal, objects, flags)
  if (record === undefined) return ExitCode.done
  const code = exitCodeOf(record)
  if (code === ExitCode.done) terminal.data(`backup/${backup.name}${flags.output === 'name' ? '' : ' materialized'}`)
  else showVerdict(terminal, record)
  return code
}

/**
 * Materializes backups one after another. All are checked before the first is begun, and the first failure ends it.
 */
export const runMaterialize: Action<MaterializeFlags> = async (flags, session, terminal) => {
  readJobOptions(flags)
  const trust = readTrust(flags)
  if (flags.name !== undefined) checkName(flags.name, longestMaterializeName)
  const backups = await Promise.all([...new Set(flags.names)].map((name) => findBackup(session, name)))
  for (const backup of backups) await refuseStranger(session, backup, trust)
  for (const backup of backups) {
    const code = await materializeOne(session, terminal, backup, flags)
    if (code !== ExitCode.done) return code
  }
  return ExitCode.done
}
