import { isDeepStrictEqual } from 'node:util'
import { trailsUntilMs } from '../../../aws/eventual-consistency.ts'
import { until } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { Kept } from '../relational-kind.ts'
import { sentWhenReady, untilServing } from './ensure-restored.ts'
import type { RestoreWork } from './restore-work.ts'

/**
 * Has what was restored changed, unless it is so already. AWS tells it as it was for a while after a change: what it is
 * then is left to the comparison.
 */
export async function ensureChanged<One extends Kept, Settings>(
  work: RestoreWork<One, Settings>,
  isSame: (one: One) => boolean,
  change: () => Promise<unknown>,
): Promise<void> {
  const { signal } = work.context
  if (isSame(await untilServing(work))) return
  await sentWhenReady(change, () => untilServing(work), signal)
  const byMs = trailsUntilMs()
  await until(async () => {
    const one = await untilServing(work)
    return isSame(one) || performance.now() > byMs ? true : undefined
  }, signal)
}

/**
 * Adds the roles that are not there.
 * @param untilReady whoever gets them takes a change by then
 */
export async function addRoles<Role>(
  { wanted, present }: { wanted: readonly Role[]; present: readonly Role[] },
  add: (role: Role) => Promise<unknown>,
  untilReady: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  for (const role of wanted) {
    if (present.some((one) => isDeepStrictEqual(one, role))) continue
    await sentWhenReady(() => add(role), untilReady, signal).catch((error: unknown) => {
      if (!/^DB(Instance|Cluster)RoleAlreadyExistsFault$/.test(nameOf(error))) throw error
    })
  }
}
