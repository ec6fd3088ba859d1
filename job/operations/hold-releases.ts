import type { OperationRequest } from '../../operation/request.ts'
import type { OperationContext } from '../context/operation-context.ts'

/**
 * Runs an operation while it holds the Lease of each of its releases, from its first look to its last word: no database
 * may be renamed during a dump, and no two restores may switch the same one.
 * @param run gets the signal that the Leases are lost; it looks at the signal before it changes what others rely on
 * @throws Failure naming the operation that holds one of them
 */
export async function holdReleases<T>(
  context: OperationContext<OperationRequest['kind']>,
  run: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const { cluster, request } = context
  const leases = await cluster.takeLeases(
    request.target.releases.map((release) => release.name),
    request.operation,
  )
  try {
    return await run(leases.lost)
  } finally {
    await leases.release()
  }
}
