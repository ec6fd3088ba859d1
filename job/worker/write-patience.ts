import type { OperationRecord } from '../../operation/record.ts'
import { isHeld } from '../../operation/outcome/outcome.ts'
import type { Patience } from '../kubernetes/cluster.ts'

/** As long as Kubernetes leaves a pod on a node that is out of reach; an API server that is replaced is back before. */
const afterPointMs = 300_000

/**
 * How long to try to write how an operation stands; undefined: no longer than usual. Once a pause has ended or a
 * restore point was taken, what is to be written stands nowhere else, a backup would be lost with it, and nobody is
 * kept paused by waiting.
 * @param stopping the worker's SIGTERM, after which it has no such time left
 */
export function writePatience({ backup, windows }: OperationRecord, stopping: AbortSignal): Patience | undefined {
  const tried = windows.length > 0 || backup?.restorePoint !== undefined
  const mayBePaused = windows.some(isHeld)
  return tried && !mayBePaused ? { ms: afterPointMs, stopping } : undefined
}
