import { Failure } from '../../../../operation/failure.ts'
import { until } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { Kept } from '../relational-kind.ts'
import { isOwn } from './ownership.ts'
import type { RestoreWork } from './restore-work.ts'

/**
 * Deletes what this restore made and waits until it is gone; nobody else's, as its tags tell. Its protection from
 * deletion is this program's own work.
 * @throws Failure where it is still being made and the operation was told to stop
 */
export async function deleteOwn<One extends Kept, Settings>(work: RestoreWork<One, Settings>): Promise<void> {
  const { kind, lasting, target, context } = work
  await until(async () => {
    const one = await kind.look(lasting, target)
    if (one === undefined || !isOwn(one, context.operation)) return true
    // Whoever was told to stop has no hours to wait for it.
    if (one.status === 'creating' && context.signal.aborted) throw stillMade(work)
    if (/^(creating|backing-up|modifying|deleting)$/.test(one.status)) return undefined
    await unlessChanging(() => kind.remove(work, one))
    return undefined
  }, new AbortController().signal)
}

/** Asks for a deletion, or what comes before it; a state may have changed since it was looked at. */
export async function unlessChanging(act: () => Promise<unknown>): Promise<void> {
  await act().catch((error: unknown) => {
    if (!/^(InvalidDB(Instance|Cluster)State|DB(Instance|Cluster)NotFound)Fault$/.test(nameOf(error))) throw error
  })
}

function stillMade({ kind, target }: { kind: { noun: string }; target: string }): Failure {
  return new Failure({
    what: `${kind.noun} ${target} is not removed yet`,
    why: 'RDS is still making it',
    next: 'undo the restore once it is there: kubectl scalardl restore RESTORE --undo',
  })
}
