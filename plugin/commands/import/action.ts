import type { Action } from '../../command-line/command.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { ImportFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { formatLocation, parseLocation, splitLocation } from '../../../operation/location.ts'
import { exitCodeOf } from '../../../operation/outcome/outcome.ts'
import { chooseName, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { refuseStranger } from '../../operations/refuse-untrusted.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { placeOf } from '../../presentation/backup-place.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { readTrust } from '../../flags/trust.ts'
import { recordHash } from '../../../operation/signature/signed-text.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import { withoutTarget } from '../../presentation/without-target.ts'
import type { DryRun } from '../../kubernetes/api/apply.ts'
import { statusCode } from '../../kubernetes/api/api-error.ts'
import { writeRecord } from '../../kubernetes/records/records.ts'
import { findReleases } from '../../kubernetes/releases/releases.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import { attestedPause } from './attested-pause.ts'
import { importRecord } from './import-file.ts'
import { readExported } from './read-source.ts'

async function fromFile(session: Session, terminal: Terminal, file: string, flags: ImportFlags): Promise<ExitCode> {
  const trust = readTrust(flags)
  const record = await readExported(file)
  await refuseStranger(session, record, trust)
  const outcome = await importRecord(session, record, flags.dryRun)
  const suffix = flags.dryRun === 'none' ? '' : ` (${flags.dryRun} dry run)`
  terminal.data(`backup/${record.backup?.name}${flags.output === 'name' ? '' : ` ${outcome}${suffix}`}`)
  if (record.backup?.state !== 'restorable')
    terminal.warning(`this backup is ${record.backup?.state ?? record.state}; it cannot be restored`)
  else if (record.backup.location === undefined)
    terminal.note(`its data is kept by ${placeOf(record.backup) ?? 'nobody that the record names'}`)
  else
    terminal.note(
      `its data is expected at ${record.backup.location}; ` +
        '`kubectl scalardl import pvc://CLAIM/path/NAME` checks where it really is',
    )
  return ExitCode.done
}

/** A Job reads the record beside the data, since only a pod reaches the storage. */
async function fromStorage(session: Session, terminal: Terminal, text: string, flags: ImportFlags): Promise<ExitCode> {
  const location = parseLocation(text)
  const { name } = splitLocation(location)
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
  const from = formatLocation(location)
  const request: RequestOf<'import'> = {
    ...requestCore(session, 'import', chooseName(flags.name, words === '' ? 'backup' : words), withoutTarget),
    from,
    trust: readTrust(flags),
  }
  const objects = await prepareOperation(session, request, [], { location: from }, readJobOptions(flags))
  const record = await runOperation(session, terminal, objects, flags)
  if (record === undefined) return ExitCode.done
  showVerdict(terminal, record)
  return exitCodeOf(record)
}

/** A pause of another tool becomes a record, so that `restore --at` finds it. */
async function fromWindow(session: Session, terminal: Terminal, window: string, flags: ImportFlags): Promise<ExitCode> {
  const releases = [...new Set(flags.release)]
  if (releases.length === 0)
    throw unclear(
      '--window is given without --release',
      'name every release whose servers were all paused, with --release',
    )
  const { namespace, kubeConfig } = session
  const by = kubeConfig.getCurrentUser()?.name ?? 'a user of no name'
  const record = attestedPause({ window, releases, name: flags.name, namespace, by })
  await findReleases(session, releases)
  await createRecord(session, record, flags.dryRun)
  const suffix = flags.dryRun === 'none' ? '' : ` (${flags.dryRun} dry run)`
  terminal.data(`operation/${record.operation}${flags.output === 'name' ? '' : ` imported${suffix}`}`)
  terminal.warning(`nothing proves this pause but your word; restore point ${record.windows[0]?.restorePoint ?? '-'}`)
  terminal.note(`no key signs your word: restore --at asks for --trusted-record ${recordHash(record)}`)
  return ExitCode.done
}

/** @throws Failure where the name is taken */
async function createRecord(session: Session, record: OperationRecord, dryRun: DryRun): Promise<void> {
  try {
    await writeRecord(session, record, dryRun)
  } catch (error) {
    if (statusCode(error) !== 409) throw error
    throw new Failure(
      {
        what: `${record.operation} was not imported`,
        why: `namespace ${session.namespace} has a record of that name already`,
        next:
          `see it with \`kubectl scalardl describe operation ${record.operation} -n ${session.namespace}\`, ` +
          'or choose another --name',
      },
      { exitCode: ExitCode.usage },
    )
  }
}

function unclear(why: string, next: string): Failure {
  return new Failure({ what: 'it is not clear what to import', why, next }, { exitCode: ExitCode.usage })
}

export const runImport: Action<ImportFlags> = async (flags, session, terminal) => {
  const { filename, location, window } = flags
  const [only, ...more] = [filename, location, window].filter((one) => one !== undefined)
  if (only === undefined || more.length > 0)
    throw unclear(
      only === undefined ? 'nothing is given' : 'more than one thing is given',
      'give -f FILE with an exported record, the folder of a backup like pvc://backups/ledger/nightly, ' +
        'or --window START/END',
    )
  if (window !== undefined) return fromWindow(session, terminal, window, flags)
  if (flags.release !== undefined) throw unclear('--release is given without --window', 'omit --release')
  return filename === undefined
    ? fromStorage(session, terminal, only, flags)
    : fromFile(session, terminal, filename, flags)
}
