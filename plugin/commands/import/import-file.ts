import { isDeepStrictEqual } from 'node:util'
import type { OperationRecord } from '../../../operation/record.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import type { DryRun } from '../../kubernetes/api/apply.ts'
import { Failure } from '../../../operation/failure.ts'
import { statusCode } from '../../kubernetes/api/api-error.ts'
import { readRecord, writeRecord } from '../../kubernetes/records/records.ts'

/** Writes the record. @returns the record of that name that came first, if any */
async function writtenMeanwhile(
  session: Session,
  record: OperationRecord,
  dryRun: DryRun,
): Promise<OperationRecord | undefined> {
  try {
    await writeRecord(session, record, dryRun)
    return undefined
  } catch (error) {
    if (statusCode(error) !== 409) throw error
    return readRecord(session, record.operation)
  }
}

function differences(one: OperationRecord, other: OperationRecord): string[] {
  const values = [new Map(Object.entries(one)), new Map(Object.entries(other))] as const
  return [...new Set(values.flatMap((value) => [...value.keys()]))].filter(
    (key) => !isDeepStrictEqual(values[0].get(key), values[1].get(key)),
  )
}

/**
 * Brings an exported record into the session's namespace. Doing it again changes nothing.
 * @throws Failure where another record of that name is there
 */
export async function importRecord(
  session: Session,
  exported: OperationRecord,
  dryRun: DryRun,
): Promise<'imported' | 'unchanged'> {
  const record: OperationRecord = { ...exported, namespace: session.namespace }
  const present = (await readRecord(session, record.operation)) ?? (await writtenMeanwhile(session, record, dryRun))
  if (present === undefined) return 'imported'
  if (isDeepStrictEqual(present, record)) return 'unchanged'
  throw new Failure({
    what: `${record.operation} was not imported`,
    why:
      `namespace ${session.namespace} has a record of that name already, ` +
      `which differs in ${differences(present, record).join(', ')}`,
    next:
      `compare it with what \`kubectl scalardl export backup ${record.backup?.name ?? ''} -n ` +
      `${session.namespace}\` gives; \`delete backup\` with --keep-data makes room if that one is not needed`,
  })
}
