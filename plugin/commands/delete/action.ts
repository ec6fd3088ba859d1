import type { Action } from '../../command-line/command.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { DeleteFlags } from './command.ts'
import type { Deletion } from './plan.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { deleteJobs } from '../../kubernetes/jobs/operation-job.ts'
import { exitCodeOf } from '../../../operation/outcome/outcome.ts'
import { findReleases } from '../../kubernetes/releases/releases.ts'
import { deleteParts } from '../../kubernetes/records/records.ts'
import { backupAt } from '../../operations/import-backup.ts'
import { chooseName, databaseParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { refuseStranger } from '../../operations/refuse-untrusted.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { confirmByName } from '../../terminal/confirm.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readTrust } from '../../flags/trust.ts'
import { withoutTarget } from '../../presentation/without-target.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import { planDeletion } from './plan.ts'

/**
 * Removes a backup's data by a Job, since only a pod reaches storages and databases.
 * @returns undefined where its end was not waited for
 */
async function deleteData(
  session: Session,
  terminal: Terminal,
  backup: Deletion,
  flags: DeleteFlags,
): Promise<ExitCode | undefined> {
  const { location } = backup
  // The databases' services are reached by the releases' properties.
  const parts =
    backup.serviceBackups === 0 ? [] : await databaseParts(session, await findReleases(session, backup.releases))
  const core = requestCore(session, 'delete', chooseName(flags.name, backup.name), {
    ...withoutTarget,
    releases: parts.map((part) => part.target),
  })
  const request: RequestOf<'delete'> = {
    ...core,
    backup: backup.operation,
    ...(location === undefined ? {} : { location }),
    trust: readTrust(flags),
  }
  const objects = await prepareOperation(
    session,
    request,
    parts,
    { location, databaseSecret: flags.databaseSecret },
    readJobOptions(flags),
  )
  const record = await runOperation(session, terminal, objects, flags)
  if (record === undefined) return undefined
  if (exitCodeOf(record) !== ExitCode.done) showVerdict(terminal, record)
  return exitCodeOf(record)
}

function hasData({ location, serviceBackups }: Deletion): boolean {
  return location !== undefined || serviceBackups > 0
}

async function deleteBackup(
  session: Session,
  terminal: Terminal,
  backup: Deletion,
  flags: DeleteFlags,
): Promise<ExitCode> {
  if (hasData(backup)) {
    const code = await deleteData(session, terminal, backup, flags)
    if (code === undefined && flags.dryRun === 'none')
      terminal.note(
        `the record of ${backup.operation} stays until its data is gone; ` +
          `then run \`kubectl scalardl delete backup ${backup.name} --keep-data\``,
      )
    if (code !== ExitCode.done) return code ?? ExitCode.done
  }
  if (flags.dryRun === 'none') {
    // The Jobs go before the record: a Job without a record would be listed as an operation.
    await deleteJobs(session, backup.operation)
    await deleteParts(session, backup.operation)
  }
  const dryRun = flags.dryRun === 'none' ? '' : ` (${flags.dryRun} dry run)`
  const outcome = flags.output === 'name' ? '' : ` ${flags.keepData ? 'forgotten' : 'deleted'}${dryRun}`
  terminal.data(`backup/${backup.name}${outcome}`)
  return ExitCode.done
}

/** A backup's name; of one given by its location, whose record is imported first. */
async function nameOf(session: Session, terminal: Terminal, given: string, flags: DeleteFlags): Promise<string> {
  if (!given.includes('://')) return given
  const { backup, operation } = await backupAt(session, terminal, given, readTrust(flags), readJobOptions(flags), flags)
  return backup?.name ?? operation
}

/** Deletes backups, all confirmed before the first is touched. Ends at the first that cannot be deleted. */
export const runDelete: Action<DeleteFlags> = async (flags, session, terminal) => {
  readJobOptions(flags)
  const trust = readTrust(flags)
  if (flags.name !== undefined) chooseName(flags.name, flags.name)
  const names: string[] = []
  for (const name of flags.names) names.push(await nameOf(session, terminal, name, flags))
  const deletions = await planDeletion(session, names, flags.keepData)
  // Only the Job sees the record of a worker that never ended as that worker left it.
  for (const { record } of deletions.filter(hasData))
    if (record?.backup?.state === 'restorable') await refuseStranger(session, record, trust)
  for (const backup of deletions) {
    terminal.note(`${flags.keepData ? 'To be forgotten' : terminal.style('bold', 'Lost for good')}: ${backup.name}`)
    for (const line of backup.loss) terminal.note(`  ${line}`)
  }
  if (flags.dryRun === 'none') {
    for (const { name } of deletions)
      await confirmByName(terminal, { name, act: `deleting backup ${name}`, yes: flags.yes })
  }
  for (const backup of deletions) {
    const code = await deleteBackup(session, terminal, backup, flags)
    if (code !== ExitCode.done) return code
    if (flags.keepData && flags.dryRun === 'none' && backup.keptAt !== undefined)
      terminal.note(`its data stays; \`kubectl scalardl import ${backup.keptAt}\` brings the record back`)
  }
  return ExitCode.done
}
