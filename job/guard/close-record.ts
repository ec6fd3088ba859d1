import { settle, isFinal } from '../../operation/settle.ts'
import type { Cluster } from '../kubernetes/cluster.ts'

/**
 * Whether the worker's Job is over for good; if so, gives the record of a worker that could not finish it the end that the Job
 * tells: windows void, backup unusable, state failed or cancelled.
 * @throws Failure where the API server does not answer
 */
export async function closeIfOver(cluster: Cluster, operation: string): Promise<boolean> {
  const job = await cluster.workerJob(operation)
  if (job.phase === 'active') return false
  const record = await cluster.findRecord(operation)
  if (record !== undefined && !isFinal(record)) await cluster.writeRecord(settle(record, job))
  return true
}
