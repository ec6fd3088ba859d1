import type { OperationObjects } from '../../kubernetes/jobs/compose/operation-objects.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { kindOfEntry } from '../../../operation/databases/registry.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { OperationRequest } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { readableRecords, readRecord } from '../../kubernetes/records/records.ts'
import { findReleases } from '../../kubernetes/releases/releases.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { finishOperation } from '../../operations/finish-operation.ts'
import { chooseName, databaseParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { confirmByName } from '../../terminal/confirm.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { timeSpan, wholeNumber } from '../../flags/numbers.ts'
import { readTargetOptions } from '../../flags/read-target.ts'
import { readPauseLimits } from '../../operations/pause-limits.ts'
import type { RestoreFlags } from './command.ts'
import { findRestore, findRestoredBackup, type Purpose, type RestoreRecord } from './find-record.ts'
import { confirmLosses, endedByDrop, endedByUndo } from './losses.ts'
import { dropPlan, resumePlan, undoPlan } from './plan.ts'
import { repeatedFlags } from './repeated-flags.ts'
import { readTrust } from '../../flags/trust.ts'
import { refuseStranger } from '../../operations/refuse-untrusted.ts'
import { restoreColumns, showServing } from './summary.ts'

/**
 * What `--undo`, `--continue` and `--drop-previous` need of an earlier restore: its releases and its databases. None of
 * them reads dumps.
 */
async function openFormer(flags: RestoreFlags, session: Session, purpose: Purpose) {
  const options = readJobOptions(flags)
  const admin = readTargetOptions(flags)
  const trust = readTrust(flags)
  const former = await findRestore(session, flags.backup, purpose)
  await refuseStranger(session, former, trust)
  if (
    former.restore.serving === 'restored' &&
    former.restore.databases.some((database) => database.previous === undefined)
  ) {
    throw new Failure({
      what: `nothing to do for ${former.operation}`,
      why: 'the data that was in service before it is no longer kept',
      next: 'restore another backup instead: kubectl scalardl get backups',
    })
  }
  const backup = await findRestoredBackup(session, former.restore.backup)
  await refuseStranger(session, backup, trust)
  const releases = await findReleases(session, former.releases)
  const parts = await databaseParts(session, releases)
  const name = chooseName(flags.name, former.releases[0] ?? '')
  const prepare = (request: OperationRequest) =>
    prepareOperation(
      session,
      request,
      parts,
      { databaseSecret: flags.databaseSecret, tlsCaSecret: admin.tlsCaSecret },
      options,
    )
  return {
    former,
    backup,
    releases,
    name,
    trust,
    target: { ...admin.target, releases: parts.map((part) => part.target) },
    prepare,
  }
}

/** Runs an undo, a resume or a drop of an earlier restore, whose record says afterwards which data serves. */
async function runOnFormer(
  flags: RestoreFlags,
  session: Session,
  terminal: Terminal,
  objects: OperationObjects,
  former: RestoreRecord,
): Promise<ExitCode> {
  const done = await runOperation(session, terminal, objects, flags)
  if (done === undefined) return ExitCode.done
  const code = finishOperation(terminal, flags.output, done, restoreColumns)
  showServing(terminal, done, await readRecord(session, former.operation).catch(() => undefined))
  return code
}

/** `restore RESTORE --undo` */
export const undoRestore: Action<RestoreFlags> = async (flags, session, terminal) => {
  const replicas = flags.replicas === undefined ? {} : { replicas: wholeNumber('--replicas', flags.replicas, 0) }
  const own = {
    readyMs: timeSpan('--ready-timeout', flags.readyTimeout, 1),
    pause: readPauseLimits(flags),
    ...replicas,
  }
  const { former, backup, releases, name, target, trust, prepare } = await openFormer(flags, session, 'undo')
  const ending = await endedByUndo(former, backup, readableRecords(session, 'backup'))
  const request = { ...requestCore(session, 'undo', name, target), ...own, trust, restore: former.operation }
  const objects = await prepare({ ...request, loseBackups: ending, flags: repeatedFlags(flags) })
  terminal.note(...undoPlan(former, releases, { replicas: flags.replicas, ending }, terminal.style).split('\n'))
  if (flags.dryRun === 'none') {
    await confirmLosses(terminal, ending, flags)
    await confirmByName(terminal, {
      name: former.releases.join(','),
      act: `undoing ${former.operation}`,
      yes: flags.yes,
    })
  }
  return runOnFormer(flags, session, terminal, objects, former)
}

/** `restore RESTORE --continue` */
export const resumeRestore: Action<RestoreFlags> = async (flags, session, terminal) => {
  const replicas = flags.replicas === undefined ? {} : { replicas: wholeNumber('--replicas', flags.replicas, 0) }
  const own = { readyMs: timeSpan('--ready-timeout', flags.readyTimeout, 1), ...replicas }
  const { former, releases, name, target, trust, prepare } = await openFormer(flags, session, 'resume')
  const request = { ...requestCore(session, 'resume', name, target), ...own, trust, restore: former.operation }
  const objects = await prepare({ ...request, flags: repeatedFlags(flags) })
  terminal.note(...resumePlan(former, releases, { replicas: flags.replicas }, terminal.style).split('\n'))
  if (flags.dryRun === 'none')
    await confirmByName(terminal, {
      name: former.releases.join(','),
      act: `going on with ${former.operation}`,
      yes: flags.yes,
    })
  return runOnFormer(flags, session, terminal, objects, former)
}

/** `restore RESTORE --drop-previous` */
export const dropFormer: Action<RestoreFlags> = async (flags, session, terminal) => {
  const fenceMs = timeSpan('--fence-for', flags.fenceFor, 0)
  const { former, backup, name, target, trust, prepare } = await openFormer(flags, session, 'drop')
  const ending = await endedByDrop(former, backup, readableRecords(session, 'backup'))
  const request = { ...requestCore(session, 'drop', name, target), trust, restore: former.operation, fenceMs }
  const objects = await prepare({ ...request, loseBackups: ending })
  terminal.note(...dropPlan(former, ending, terminal.style).split('\n'))
  if (flags.dryRun === 'none') {
    await confirmLosses(terminal, ending, flags)
    const own = backup.backup.databases.flatMap((entry) => kindOfEntry(entry)?.namesDropped?.(entry) ?? [])
    for (const typed of own.length === 0 ? [former.releases.join(',')] : own)
      await confirmByName(terminal, { name: typed, act: `removing what ${former.operation} kept`, yes: flags.yes })
  }
  return runOnFormer(flags, session, terminal, objects, former)
}
