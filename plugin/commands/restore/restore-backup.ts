import { databasesIn, endingOf, propertiesOf } from '../../kubernetes/releases/release-databases.ts'
import { kindOfEntry } from '../../../operation/databases/registry.ts'
import { keyNeeded } from '../../../operation/encryption/encryption.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { readableRecords } from '../../kubernetes/records/records.ts'
import { findReleases } from '../../kubernetes/releases/releases.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { finishOperation } from '../../operations/finish-operation.ts'
import { backupAt } from '../../operations/import-backup.ts'
import { chooseName, databaseParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { resumeNamed } from '../../operations/resume-named.ts'
import { refuseStranger } from '../../operations/refuse-untrusted.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { confirmByName } from '../../terminal/confirm.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readExec, type Exec } from '../../flags/exec-flags.ts'
import { isRepaired, readSchemaLoader, withCoordinator } from '../../flags/schema-loader-flags.ts'
import { readDatabaseFlags } from '../../flags/kind-flags.ts'
import { timeSpan, wholeNumber } from '../../flags/numbers.ts'
import { readTargetOptions } from '../../flags/read-target.ts'
import { readTransfer } from '../../flags/transfer.ts'
import { readTrust } from '../../flags/trust.ts'
import { readPauseLimits } from '../../operations/pause-limits.ts'
import type { RestoreFlags } from './command.ts'
import { chooseRestore } from './choice.ts'
import { checkBackup, findBackup, type BackupRecord } from './find-record.ts'
import { confirmLosses, endedByRestore } from './losses.ts'
import { repeatedFlags } from './repeated-flags.ts'
import { restorePlan } from './plan.ts'
import { restoreColumns, showServing, showWayBack } from './summary.ts'

/** Checks all flags before the cluster is asked. */
function readFlags(flags: RestoreFlags) {
  const exec = readSchemaLoader(flags) ?? readExec(flags, 'restore')
  return {
    exec,
    options: readJobOptions(flags),
    admin: readTargetOptions(flags),
    own: {
      // With --repoint print no release is stopped.
      ...(flags.repoint === 'print' ? {} : { pause: readPauseLimits(flags) }),
      ...readTransfer(flags),
      dropPrevious: flags.dropPrevious,
      fenceMs: timeSpan('--fence-for', flags.fenceFor, 0),
      parallel: wholeNumber('--parallel', flags.parallel, 1),
      readyMs: timeSpan('--ready-timeout', flags.readyTimeout, 1),
      trust: readTrust(flags),
      ...(flags.replicas === undefined ? {} : { replicas: wholeNumber('--replicas', flags.replicas, 0) }),
      ...(exec === undefined ? {} : { exec: exec.request }),
    },
  }
}

/** The backup of a name or at a location. */
async function backupRecord(session: Session, terminal: Terminal, flags: RestoreFlags): Promise<BackupRecord> {
  if (!flags.backup.includes('://')) return findBackup(session, flags.backup)
  return checkBackup(await backupAt(session, terminal, flags.backup, readTrust(flags), readJobOptions(flags), flags))
}

/** @throws Failure (usage) where the backup needs the administrator's own tool and none is given, or the reverse */
function refuseUnfitTool(exec: Exec | undefined, { backup }: BackupRecord): void {
  const needing = backup.databases.filter((entry) => kindOfEntry(entry)?.needsCommand === true)
  const isOwn = exec !== undefined && exec.request.phase !== 'repair'
  if (needing.length > 0 === isOwn) return
  throw new Failure(
    !isOwn
      ? {
          what: `backup ${backup.name} needs your own tool`,
          why: `it made the backup of ${needing.map(({ title }) => title).join(', ')}, and it alone can restore it`,
          next: 'give it: --exec-image IMAGE -- COMMAND ARGUMENTS',
        }
      : {
          what: '--exec-image cannot be used',
          why: `backup ${backup.name} has nothing that your own tool made`,
          next: 'leave it out',
        },
    { exitCode: ExitCode.usage },
  )
}

/** @throws Failure (usage) where a schema loader is given and not exactly one database can be repaired by it */
function refuseUnfitLoader(exec: Exec | undefined, { backup }: BackupRecord): void {
  const repaired = backup.databases.filter(isRepaired)
  if (exec?.request.phase !== 'repair' || repaired.length === 1) return
  throw new Failure(
    {
      what: '--schema-loader-image cannot be used',
      why:
        repaired.length === 0
          ? `backup ${backup.name} has nothing that a schema loader repairs`
          : `a schema is of one account, and backup ${backup.name} has ${repaired.length}: ` +
            repaired.map(({ title }) => title).join(', '),
      next: 'leave it out; procedures that the backup has are made anew without it',
    },
    { exitCode: ExitCode.usage },
  )
}

/** @throws Failure where the backup is encrypted and no key is given */
function refuseWithoutKey({ backup }: BackupRecord, { decryptSecret }: RestoreFlags): void {
  if (backup.encryption === undefined || decryptSecret !== undefined) return
  throw keyNeeded(backup.name, backup.encryption, 'no key is given')
}

/** `restore BACKUP`: shows the plan, asks, and does it. */
export const restoreBackup: Action<RestoreFlags> = async (flags, session, terminal) => {
  const { admin, exec, options, own } = readFlags(flags)
  const given = await backupRecord(session, terminal, flags)
  const { record, choice, proof, window } = await chooseRestore(flags, given, (kind) => readableRecords(session, kind))
  refuseUnfitTool(exec, record)
  refuseUnfitLoader(exec, record)
  refuseWithoutKey(record, flags)
  await refuseStranger(session, record, own.trust)
  if (proof !== undefined) await refuseStranger(session, proof, own.trust)
  const names = flags.toRelease ?? record.releases
  const name = chooseName(flags.name, names[0] ?? '')
  const earlier = await resumeNamed(session, terminal, 'restore', flags, names)
  if (earlier !== undefined) return finishOperation(terminal, flags.output, earlier, restoreColumns)

  const releases = await findReleases(session, names)
  const parts = await databaseParts(session, releases)
  const databases = readDatabaseFlags(flags, exec !== undefined && exec.request.phase !== 'repair')
  const whole = { ...admin.target, ...databases, releases: parts.map((part) => part.target) }
  const core = requestCore(session, 'restore', name, whole)
  const others = readableRecords(session, 'backup')
  const ending = await endedByRestore(record, { choice, dropPrevious: flags.dropPrevious, others })
  const request: RequestOf<'restore'> = {
    ...core,
    ...own,
    backup: record.operation,
    loseBackups: ending,
    ...(choice === undefined ? {} : { choice }),
    flags: repeatedFlags(flags),
  }
  const extra = {
    location: record.backup.location,
    decryptSecret: record.backup.encryption === undefined ? undefined : flags.decryptSecret,
    databaseSecret: flags.databaseSecret,
    tlsCaSecret: admin.tlsCaSecret,
    ownTool: exec && withCoordinator(exec, record.backup).tool,
  }
  const objects = await prepareOperation(session, request, parts, extra, options)

  const targets = await Promise.all(
    releases.map(async (release) => {
      const properties = await propertiesOf(session, release)
      return { release, databases: properties && databasesIn(properties), ending: endingOf(release, properties) }
    }),
  )
  const plan = restorePlan(
    record,
    targets,
    { dropPrevious: flags.dropPrevious, replicas: flags.replicas, choice, window, ending },
    terminal.style,
  )
  terminal.note(...plan.split('\n'))
  if (flags.dryRun === 'none') {
    await confirmLosses(terminal, ending, flags)
    await confirmByName(terminal, {
      name: [...new Set(names)].join(','),
      act: `restoring ${record.backup.name}`,
      yes: flags.yes,
    })
  }
  const done = await runOperation(session, terminal, objects, flags)
  if (done === undefined) return ExitCode.done
  const code = finishOperation(terminal, flags.output, done, restoreColumns)
  showServing(terminal, done, done)
  showWayBack(terminal, done)
  return code
}
