import { configMapName, guardJobName, keySecretName } from '../../../operation/names.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import { delay } from '../api/api-error.ts'
import { deleteObject } from '../api/apply.ts'
import type { OwnObject } from '../api/objects.ts'
import type { Session } from '../api/session.ts'
import { readRecord, readRequest } from '../records/records.ts'
import { giveToJob } from './compose/create-operation.ts'
import { readGuardJob } from './guard-job.ts'
import { operationPods, readJob } from './operation-job.ts'

/** How long the objects of an operation may wait for its Job, which is made last, ms. */
const makingMs = 5000
const lookMs = 250

/**
 * Whether the command that made an operation ended before its Job was made, so that it never began. Another command may
 * be about to make it, and is given a while.
 * @param record of the operation, undefined where it has none
 * @param waits told before that while, ms
 */
export async function isHalfMade(
  session: Session,
  operation: string,
  record: OperationRecord | undefined,
  waits: (ms: number) => void,
): Promise<boolean> {
  if (record !== undefined && record.state !== 'pending') return false
  if (record === undefined && (await readRequest(session, operation)) === undefined) return false
  if ((await readJob(session, operation)) !== undefined) return false
  waits(makingMs)
  const untilMs = performance.now() + makingMs
  while (performance.now() < untilMs) {
    await delay(lookMs, AbortSignal.timeout(lookMs))
    if ((await readJob(session, operation)) !== undefined) return false
  }
  return (
    (await operationPods(session, operation)).length === 0 &&
    ((await readRecord(session, operation))?.state ?? 'pending') === 'pending'
  )
}

/** Removes what there is of an operation that never began; the request last, by which it is found again. */
export async function removeHalfMade(session: Session, operation: string): Promise<void> {
  const objects: readonly OwnObject[] = [
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: guardJobName(operation) } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: keySecretName(operation) } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMapName(operation, 'record') } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMapName(operation, 'request') } },
  ]
  for (const object of objects) await deleteObject(session, object, 'none')
}

/** Starts the guard, and gives it and the key to the Job, where the command that made them ended before it did. */
export async function finishMaking(session: Session, operation: string): Promise<void> {
  const [job, guard] = await Promise.all([readJob(session, operation), readGuardJob(session, operation)])
  const uid = job?.metadata?.uid
  if (uid === undefined || guard === undefined || (guard.metadata?.ownerReferences ?? []).length > 0) return
  await giveToJob(session, operation, uid)
}
