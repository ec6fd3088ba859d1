import type { OperationRequest } from '../../operation/request.ts'
import { Interrupted } from '../process/interrupted.ts'
import type { OperationContext } from './operation-context.ts'

/**
 * Whether another worker goes on with an operation that ends here: interrupted, and its Job neither suspended nor deleted.
 * Otherwise this worker is the last one, and has to leave everything as it should be.
 */
export async function isHandedOn({
  cluster,
  request,
  signal,
}: OperationContext<OperationRequest['kind']>): Promise<boolean> {
  return signal.reason instanceof Interrupted && !(await cluster.cancelled(request.operation))
}
