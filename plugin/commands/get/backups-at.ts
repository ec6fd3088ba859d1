import { formatLocation, parseLocation } from '../../../operation/location.ts'
import { defaultName } from '../../../operation/names.ts'
import { failureOf } from '../../../operation/outcome/outcome.ts'
import type { RequestOf } from '../../../operation/request.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { chooseName, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { runOperation } from '../../operations/run-operation.ts'
import { withoutTarget } from '../../presentation/without-target.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { GetFlags } from './command.ts'

/**
 * The backups that a storage holds, oldest first, found by a Job, since only a pod reaches the storage.
 * @param text of a Location
 */
export async function backupsAt(
  session: Session,
  terminal: Terminal,
  text: string,
  flags: GetFlags,
): Promise<StoredRecord[]> {
  const options = readJobOptions(flags)
  const from = formatLocation(parseLocation(text))
  const name = flags.name === undefined ? defaultName('backups', Date.now()) : chooseName(flags.name, 'backups')
  const request: RequestOf<'list'> = { ...requestCore(session, 'list', name, withoutTarget), from }
  const objects = await prepareOperation(session, request, [], { location: from }, options)
  const run = { output: flags.output, wait: true, timeout: undefined, dryRun: 'none' as const }
  const done = await runOperation(session, terminal, objects, run)
  const failure = done && failureOf(done)
  if (failure !== undefined) throw failure
  return (done?.found ?? []).map((record) => {
    const { operation, kind, createdAt } = record
    return { operation, kind, createdAt, record }
  })
}
