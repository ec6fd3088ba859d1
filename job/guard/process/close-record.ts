import type { OperationRecord } from '../../../operation/record.ts'
import { isFinal, concludeByJob } from '../../../operation/outcome/outcome.ts'
import { Unanswered } from '../../kubernetes/ask.ts'
import type { OperationJobs, Records } from '../../kubernetes/cluster.ts'

/**
 * Whether the worker's Job is over for good. If so, finishes the record where the worker could not, as the Job tells:
 * windows void, backup unusable, state failed or cancelled.
 * @throws Failure where the API server does not answer
 */
export async function closeIfOver(cluster: OperationJobs & Records, operation: string): Promise<boolean> {
  const job = await cluster.workerJob(operation)
  if (job.phase === 'active') return false
  const record = await readable(cluster, operation)
  if (record === undefined || isFinal(record)) return true
  // Without this, a worker on a node out of reach might live on and overwrite it.
  await cluster.takeOver(operation)
  const last = await readable(cluster, operation)
  if (last !== undefined && !isFinal(last)) await cluster.writeRecord(concludeByJob(last, job))
  return true
}

/** The record, or undefined where there is none that this program can read and close. */
export async function readable(cluster: Records, operation: string): Promise<OperationRecord | undefined> {
  try {
    return await cluster.findRecord(operation)
  } catch (error) {
    if (error instanceof Unanswered) throw error
    return undefined
  }
}
