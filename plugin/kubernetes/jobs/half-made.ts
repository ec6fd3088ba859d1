import { configMapName, keySecretName } from '../../../operation/names.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import { delay, unlessMissing } from '../api/api-error.ts'
import type { Session } from '../api/session.ts'
import { readRecord, readRequest } from '../records/records.ts'
import { giveToJob } from './compose/create-operation.ts'
import { deleteGuardJob, readGuardJob } from './guard-job.ts'
import { operationPods, readJob } from './operation-job.ts'

/** How long the objects of an operation may wait for its Job, which is made last, ms. */
const makingMs = 5000
const lookMs = 250

/**
 * Whether the command that made an operation ended before its Job was made, so that it never began. Another command may
 * be about to make it, and is given a while.
 * @param record of the operation, undefined where it has none
 */
export async function isHalfMade(
  session: Session,
  operation: string,
  record: OperationRecord | undefined,
): Promise<boolean> {
  if (record !== undefined && record.state !== 'pending') return false
  if (record === undefined && (await readRequest(session, operation)) === undefined) return false
  const untilMs = performance.now() + makingMs
  while ((await readJob(session, operation)) === undefined) {
    if (performance.now() > untilMs)
      return (
        (await operationPods(session, operation)).length === 0 &&
        ((await readRecord(session, operation))?.state ?? 'pending') === 'pending'
      )
    await delay(lookMs, AbortSignal.timeout(lookMs))
  }
  return false
}

/** Removes what there is of an operation that never began; the request last, by which it is found again. */
export async function removeHalfMade(session: Session, operation: string): Promise<void> {
  await deleteGuardJob(session, operation)
  const core = `/api/v1/namespaces/${session.namespace}`
  for (const path of [
    `${core}/secrets/${keySecretName(operation)}`,
    `${core}/configmaps/${configMapName(operation, 'record')}`,
    `${core}/configmaps/${configMapName(operation, 'request')}`,
  ])
    await unlessMissing(session.request({ method: 'DELETE', path }))
}

/** Starts the guard, and gives it and the key to the Job, where the command that made them ended before it did. */
export async function finishMaking(session: Session, operation: string): Promise<void> {
  const [job, guard] = await Promise.all([readJob(session, operation), readGuardJob(session, operation)])
  const uid = job?.metadata?.uid
  if (uid === undefined || guard === undefined || (guard.metadata?.ownerReferences ?? []).length > 0) return
  await giveToJob(session, operation, uid)
}
