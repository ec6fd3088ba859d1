import { Failure } from '../../../../operation/failure.ts'
import { untilShown } from '../../../aws/eventual-consistency.ts'
import { until } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { Kept } from '../relational-kind.ts'
import { ownOne, ownTag } from './ownership.ts'
import type { RestoreWork } from './restore-work.ts'

/**
 * States from which an instance or a cluster does not come to serve by itself (RDS and Aurora user guides: viewing DB
 * instance status, viewing DB cluster status).
 */
const failing =
  /^(failed|incompatible-.*|inaccessible-encryption-credentials.*|insufficient-capacity|restore-error|storage-full|stopped|migration-failed|cloning-failed)$/

/** The step of the journal with which a restore begins to make something. */
export function restoreStep({ kind, target }: { kind: { noun: string }; target: string }): string {
  return `restore to ${kind.noun} ${target}`
}

/**
 * The instance or cluster of this restore, made as far as it is not: by what an earlier worker left, or by a call.
 * @param isRetained the source is gone, and its automated backups are kept
 * @throws Failure where the name is somebody else's, or the restore failed
 */
export async function ensureRestored<One extends Kept, Settings>(
  work: RestoreWork<One, Settings>,
  isRetained: boolean,
  journal: Journal,
): Promise<void> {
  await journal.once(restoreStep(work), async () => {
    if ((await ownOne(work)) === undefined) await begin(work, isRetained)
    await untilServing(work)
    return work.target
  })
}

async function begin<One extends Kept, Settings>(work: RestoreWork<One, Settings>, isRetained: boolean): Promise<void> {
  const { kind, client, details, point, target, context } = work
  const { source, resourceId, settings } = details
  if (!isRetained && (await kind.look(client, source))?.resourceId !== resourceId)
    throw notRestored(work, `the ${kind.noun} ${source} is another one now`, 'choose a newer backup')
  try {
    await kind.restore(client, {
      source: isRetained ? { resourceId } : { name: source },
      target,
      point,
      settings,
      tags: [ownTag(context.operation)],
    })
  } catch (error) {
    // The answer to a first call may have been lost: then the name is our own, as its tag tells.
    if (!/^DB(Instance|Cluster)AlreadyExistsFault$/.test(nameOf(error))) throw error
  }
}

/** The parameters of a call, without those that nothing is set of. */
export function given<T extends object>(parameters: T): T {
  const isEmpty = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => !isEmpty(value))) as T
}

/** Waits until what was restored serves. */
export async function untilServing<One extends Kept, Settings>(work: RestoreWork<One, Settings>): Promise<One> {
  return await untilAvailable(() => ownOne(work), {
    title: `${work.kind.noun} ${work.target}`,
    signal: work.context.signal,
  })
}

/**
 * Waits until something that is being made is available.
 * @param title for people: instance ledger-1
 * @throws Failure where it is not there, goes away or fails; the signal's reason
 */
export async function untilAvailable<One extends { status: string }>(
  look: () => Promise<One | undefined>,
  { title, signal }: { title: string; signal: AbortSignal },
): Promise<One> {
  const failed = (why: string, next: string) => new Failure({ what: `${title} could not be restored`, why, next })
  if ((await untilShown(look, signal)) === undefined)
    throw failed('what was asked for is not there', 'run the restore again')
  return await until(async () => {
    const one = await look()
    if (one === undefined) throw failed('somebody deleted it', 'run the restore again')
    if (failing.test(one.status))
      throw failed(`it is ${one.status}`, 'undo this restore, which removes it, see to the cause, and restore again')
    return one.status === 'available' ? one : undefined
  }, signal)
}

function notRestored({ kind, target }: { kind: { noun: string }; target: string }, why: string, next: string): Failure {
  return new Failure({ what: `${kind.noun} ${target} could not be restored`, why, next })
}

/** Asks again while another change is under way. */
export async function sentWhenReady(
  send: () => Promise<unknown>,
  untilReady: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  await until(async () => {
    try {
      await send()
      return true
    } catch (error) {
      if (!/^InvalidDB(Instance|Cluster)StateFault$/.test(nameOf(error))) throw error
      await untilReady()
      return undefined
    }
  }, signal)
}
