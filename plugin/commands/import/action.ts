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
import { runOperation } from '../../operations/run-operation.ts'
import { placeOf } from '../../presentation/backup-place.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import { showVerdict } from '../../presentation/verdict.ts'
import { withoutTarget } from '../../presentation/without-target.ts'
import { importRecord } from './import-file.ts'
import { readExported } from './read-source.ts'

async function fromFile(session: Session, terminal: Terminal, file: string, flags: ImportFlags): Promise<ExitCode> {
  const record = await readExported(file)
  const outcome = await importRecord(session, record, flags.dryRun)
  const suffix = flags.dryRun === 'none' ? '' : ` (${flags.dryRun} dry run)`
  terminal.data(`backup/${record.backup?.name}${flags.output === 'name' ? '' : ` ${outcome}${suffix}`}`)
  if (record.backup?.state !== 'restorable')
    terminal.warning(`this backup is ${record.backup?.state ?? record.state}; it cannot be restored`)
  else if (record.backup.location === undefined)
    terminal.note(`its data is kept by ${placeOf(record.backup) ?? 'nobody that the record names'}`)
  else
    terminal.note(
      `its data is expected at ${record.backup.location}; \`kubectl scalardl import pvc://CLAIM/path/NAME\` checks where it really is`,
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
  }
  const objects = await prepareOperation(session, request, [], { location: from }, readJobOptions(flags))
  const record = await runOperation(session, terminal, objects, flags)
  if (record === undefined) return ExitCode.done
  showVerdict(terminal, record)
  return exitCodeOf(record)
}

export const runImport: Action<ImportFlags> = async (flags, session, terminal) => {
  if (flags.filename !== undefined && flags.location === undefined)
    return fromFile(session, terminal, flags.filename, flags)
  if (flags.filename === undefined && flags.location !== undefined)
    return fromStorage(session, terminal, flags.location, flags)
  throw new Failure(
    {
      what: 'it is not clear what to import',
      why: flags.filename === undefined ? 'neither a file nor a location is given' : 'a file and a location are given',
      next: 'give -f FILE with an exported record, or the folder of a backup like pvc://backups/ledger/nightly',
    },
    { exitCode: ExitCode.usage },
  )
}
