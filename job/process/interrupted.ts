import type { OperationRequest } from '../../operation/request.ts'
import type { OperationContext } from '../context/operation-context.ts'

/** Why a worker stops although its operation is not done: SIGTERM, by `cancel` or because its node is drained. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  /** @param signal its name, for people */
  constructor(signal: string) {
    super(`the worker was asked to end (${signal})`)
  }
}

/** What a shell sees of a process that SIGTERM ended; its Job starts another then, which goes on from where this one was. */
export const interruptedExitCode = 143

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
