import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { formatLocation, parseLocation, splitLocation, type Location } from '../../operation/location.ts'
import { defaultName, operationName } from '../../operation/names.ts'
import { failureOf } from '../../operation/outcome/outcome.ts'
import type { OperationRecord } from '../../operation/record.ts'
import type { RequestOf } from '../../operation/request.ts'
import type { Trust } from '../../operation/signature/trust.ts'
import { withoutTarget } from '../presentation/without-target.ts'
import type { JobOptions } from '../kubernetes/jobs/compose/complete-job.ts'
import { readRecord } from '../kubernetes/records/records.ts'
import type { Session } from '../kubernetes/api/session.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { prepareOperation, requestCore } from './prepare-operation.ts'
import { runOperation, type RunFlags } from './run-operation.ts'

/** A folder's name as it can be part of an object's name. */
function label(folder: string): string {
  const words = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
  return words === '' ? 'backup' : words
}

/**
 * The backup at a location, given in the place of a name: its record is imported first.
 * @param text of a Location
 * @param trust whom the administrator vouches for
 * @throws Failure (usage) with --dry-run, which changes nothing
 */
export async function backupAt(
  session: Session,
  terminal: Terminal,
  text: string,
  trust: Trust,
  options: JobOptions,
  flags: Omit<RunFlags, 'wait'>,
): Promise<OperationRecord> {
  const location = parseLocation(text)
  if (flags.dryRun === 'none') return await importBackup(session, terminal, location, trust, options, flags)
  throw new Failure(
    {
      what: 'there is no plan yet',
      why: `what lies at ${text} is known only after its record was imported, which changes the cluster`,
      next: `run \`kubectl scalardl import '${text}'\`, then this command with the backup's name`,
    },
    { exitCode: ExitCode.usage },
  )
}

/**
 * Imports the record beside a dump into this namespace, by a Job that mounts the storage.
 * @param location folder of one backup
 * @param trust whom the administrator vouches for
 * @returns the backup's record, also where it was known before
 * @throws Failure where there is no backup, or the Job failed
 */
async function importBackup(
  session: Session,
  terminal: Terminal,
  location: Location,
  trust: Trust,
  options: JobOptions,
  flags: Omit<RunFlags, 'wait' | 'dryRun'>,
): Promise<OperationRecord> {
  const { name } = splitLocation(location)
  const from = formatLocation(location)
  const request: RequestOf<'import'> = {
    ...requestCore(session, 'import', defaultName(label(name), Date.now()), withoutTarget),
    from,
    trust,
  }
  const objects = await prepareOperation(session, request, [], { location: from }, options)
  const done = await runOperation(session, terminal, objects, { ...flags, wait: true, dryRun: 'none' })
  const failure = done && failureOf(done)
  if (failure !== undefined) throw failure
  const record = await readRecord(session, operationName('backup', name))
  if (record !== undefined) return record
  throw new Failure(
    {
      what: `${from} was not imported`,
      why: `no record of backup ${name} came of ${request.operation}`,
      next: `see \`kubectl scalardl logs ${request.operation}\``,
    },
    { exitCode: ExitCode.failed },
  )
}
