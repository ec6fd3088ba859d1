import { isDeepStrictEqual } from 'node:util'
import type { OperationRecord } from '../../../operation/record.ts'
import type { Session } from '../../kubernetes/session.ts'
import type { DryRun } from '../flags.ts'
import { Failure } from '../../../operation/failure.ts'
import { statusCode } from '../../kubernetes/api-error.ts'
import { readRecord, writeRecord } from '../../kubernetes/records.ts'

/** Writes the record; answers another's that came first. */
async function writtenMeanwhile(session: Session, record: OperationRecord, dryRun: DryRun): Promise<OperationRecord | undefined> {
  try {
    await writeRecord(session, record, dryRun)
    return undefined
  } catch (error) {
    if (statusCode(error) !== 409) throw error
    return readRecord(session, record.operation)
  }
}

/**
 * Brings an exported record into the session's namespace. Doing it again changes nothing.
 * @throws Failure where another record of that name is there
 */
export async function importRecord(session: Session, exported: OperationRecord, dryRun: DryRun): Promise<'imported' | 'unchanged'> {
  const record: OperationRecord = { ...exported, namespace: session.namespace }
  const present = (await readRecord(session, record.operation)) ?? (await writtenMeanwhile(session, record, dryRun))
  if (present === undefined) return 'imported'
  if (isDeepStrictEqual(present, record)) return 'unchanged'
  throw new Failure({
    what: `${record.operation} was not imported`,
    why: `namespace ${session.namespace} has another record of that name, created ${present?.createdAt ?? 'at an unknown time'}; the one to import was created ${record.createdAt}`,
    next: `compare it with \`kubectl scalardl export backup ${record.backup?.name ?? ''}\`, and delete the one there with --keep-data if it is not needed`,
  })
}
