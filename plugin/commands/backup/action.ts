import { parseEncryption } from '../../../operation/encryption/encryption.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { formatLocation, parseLocation } from '../../../operation/location.ts'
import type { RequestOf, Target } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { findReleases, requirePods } from '../../kubernetes/releases/releases.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { finishOperation } from '../../operations/finish-operation.ts'
import { readHold, readPauseLimits, warnWithoutGuard } from '../../operations/pause-limits.ts'
import { chooseName, databaseParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { readTargetOptions } from '../../flags/read-target.ts'
import { resumeNamed } from '../../operations/resume-named.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readExec } from '../../flags/exec-flags.ts'
import { readDatabaseFlags } from '../../flags/kind-flags.ts'
import { readTransfer } from '../../flags/transfer.ts'
import { wholeNumber } from '../../flags/numbers.ts'
import { refuseUnfit } from './storage-needs.ts'
import type { BackupFlags } from './command.ts'
import { backupColumns } from './summary.ts'

/** Refuses several releases without a pause: they are consistent only while all are paused. @throws Failure (usage) */
export function refuseTogetherUnpaused(mode: BackupFlags['pause'], releases: readonly string[]): void {
  if (mode !== 'never' || new Set(releases).size < 2) return
  throw new Failure(
    {
      what: 'a backup without a pause would be inconsistent',
      why: `${releases.length} releases are backed up together: ${releases.join(', ')}`,
      next: 'omit --pause, or back them up one at a time',
    },
    { exitCode: ExitCode.usage },
  )
}

function heldUnpaused(): Failure {
  return new Failure(
    {
      what: '--hold cannot be combined with --pause never',
      why: 'without a pause there is nothing to hold',
      next: 'leave one of them out',
    },
    { exitCode: ExitCode.usage },
  )
}

/** @throws Failure (usage) for a level that zstd does not have */
function readLevel({ compressionLevel: level }: BackupFlags): { compressionLevel?: number } {
  if (level === undefined) return {}
  const compressionLevel = wholeNumber('--compression-level', level, 1)
  if (compressionLevel <= 19) return { compressionLevel }
  const next = 'give one from 1 to 19; those above 9 need hundreds of MiB for each of the --parallel tables'
  throw new Failure(
    { what: `--compression-level cannot be ${level}`, why: 'zstd has no such level for streams', next },
    { exitCode: ExitCode.usage },
  )
}

/** Checks all flags before the cluster is asked. */
function readFlags(flags: BackupFlags) {
  refuseTogetherUnpaused(flags.pause, flags.release)
  if (flags.hold !== undefined && flags.pause === 'never') throw heldUnpaused()
  const exec = readExec(flags, 'backup', readPauseLimits(flags))
  return {
    exec,
    name: chooseName(flags.name, flags.release[0] ?? ''),
    options: readJobOptions(flags),
    target: readTargetOptions(flags),
    own: {
      // no guard is needed where nothing is paused
      pause: readPauseLimits({ ...flags, guard: flags.guard && flags.pause !== 'never' }),
      pauseMode: flags.pause,
      ...(flags.hold === undefined ? {} : { holdMs: readHold(flags.hold, flags) }),
      ...(flags.to === undefined ? {} : { to: formatLocation(parseLocation(flags.to)) }),
      ...(flags.encrypt === undefined ? {} : { encryption: parseEncryption(flags.encrypt) }),
      ...readTransfer(flags),
      ...readLevel(flags),
      schemas: flags.schema ?? [],
      ...(flags.table === undefined ? {} : { tables: flags.table }),
      ...(flags.materialize ? { materialize: true } : {}),
      // A tool that is not ours runs once, unless the administrator says that it may run again.
      retries: wholeNumber('--retries', flags.retries ?? (exec?.request.phase === 'snapshot' ? 0 : 1), 0),
      parallel: wholeNumber('--parallel', flags.parallel, 1),
      ...(exec === undefined ? {} : { exec: exec.request }),
    },
  }
}

function backupRequest(
  session: Session,
  name: string,
  target: Target,
  own: ReturnType<typeof readFlags>['own'],
): RequestOf<'backup'> {
  return { ...requestCore(session, 'backup', name, target), ...own }
}

export const runBackup: Action<BackupFlags> = async (flags, session, terminal) => {
  const { exec, name, options, target, own } = readFlags(flags)
  const earlier = await resumeNamed(session, terminal, 'backup', flags, flags.release)
  if (earlier !== undefined) return finishOperation(terminal, flags.output, earlier, backupColumns)

  if (flags.pause !== 'never') warnWithoutGuard(terminal, flags.guard)
  const releases = await findReleases(session, flags.release)
  requirePods(releases)
  const parts = await databaseParts(session, releases)
  const databases = readDatabaseFlags(flags, exec !== undefined)
  refuseUnfit({ ...flags, hasOwnTool: exec !== undefined, managed: databases.databases?.managed }, parts)
  const whole = { ...target.target, ...databases, releases: parts.map((part) => part.target) }
  const request = backupRequest(session, name, whole, own)
  const extra = {
    location: own.to,
    recipientSecrets: own.encryption?.secrets,
    databaseSecret: flags.databaseSecret,
    tlsCaSecret: target.tlsCaSecret,
    ownTool: exec?.tool,
  }
  const objects = await prepareOperation(session, request, parts, extra, options)

  const record = await runOperation(session, terminal, objects, flags)
  return record === undefined ? ExitCode.done : finishOperation(terminal, flags.output, record, backupColumns)
}
