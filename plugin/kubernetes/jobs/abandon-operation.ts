import { Failure } from '../../../operation/failure.ts'
import { delay } from '../api/api-error.ts'
import { removeObjects } from './compose/create-operation.ts'
import type { OperationObjects } from './compose/operation-objects.ts'
import { operationPods } from './operation-job.ts'
import { readRecord } from '../records/records.ts'
import type { Session } from '../api/session.ts'

/**
 * Takes back an operation whose worker never started: the Jobs first, then, once no worker can begin any more, the
 * request and the record that nobody wrote.
 * @returns the Failure to report, saying so if something stayed; undefined when the worker began after all and must be
 * followed
 */
export async function abandonOperation(
  session: Session,
  objects: OperationObjects,
  failure: Failure,
): Promise<Failure | undefined> {
  if (await hasBegun(session, objects.operation)) return undefined
  const left = await removeObjects(session, objects.guard === undefined ? [objects.job] : [objects.guard, objects.job])
  // a pod that starts in this moment is ended by the Job's deletion, and would have written its record
  for (let look = 0; look < 20 && (await operationPods(session, objects.operation)).length > 0; look += 1)
    await delay(500, AbortSignal.timeout(500))
  if (await hasBegun(session, objects.operation)) return undefined
  left.push(...(await removeObjects(session, [objects.request, objects.record])))
  const { what, why, next } = failure
  return left.length === 0
    ? failure
    : new Failure(
        { what, why, next: `${next}; then delete what could not be removed: ${left.join(', ')}` },
        { cause: failure },
      )
}

/** A worker says when it started. The record of one that did not may be closed by its guard, which sees the Job go. */
async function hasBegun(session: Session, operation: string): Promise<boolean> {
  const record = await readRecord(session, operation)
  return record === undefined || record.startedAt !== undefined
}
