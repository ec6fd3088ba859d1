import type { OperationRequest } from '../../operation/request.ts'
import { GaveWay } from '../process/gave-way.ts'
import { Interrupted } from '../process/interrupted.ts'
import type { OperationContext } from './operation-context.ts'

/**
 * Whether another worker goes on with an operation that ends here: this one was interrupted, and its Job neither
 * suspended nor deleted, or another has taken over already. Otherwise this worker is the last one, and has to leave
 * everything as it should be.
 */
export async function isHandedOn({
  cluster,
  record,
  request,
  signal,
}: OperationContext<OperationRequest['kind']>): Promise<boolean> {
  if (signal.reason instanceof Interrupted && !(await cluster.cancelled(request.operation))) return true
  // Whoever takes something back proves first that it still may: a worker thought dead would take back its successor's
  // work.
  return record
    .update(() => undefined)
    .then(
      () => false,
      (error: unknown) => error instanceof GaveWay,
    )
}
