import { RestoreDBInstanceToPointInTimeCommand } from '@aws-sdk/client-rds'
import { Failure } from '../../../../operation/failure.ts'
import { untilShown } from '../../../aws/eventual-consistency.ts'
import { until } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { Instance } from '../instances/find-instance.ts'
import { lookAtInstance } from '../instances/look.ts'
import type { RestoreWork } from './restore-work.ts'

/** The tag that says which restore an instance is of. */
export const restoreTag = 'kubectl-scalardl.dev/restore'

/** States from which an instance does not come to serve by itself (RDS user guide: viewing DB instance status). */
const failing =
  /^(failed|incompatible-.*|inaccessible-encryption-credentials.*|insufficient-capacity|restore-error|storage-full)$/

/** The step of the journal with which a restore begins to make something. */
export function restoreStep({ target }: Pick<RestoreWork, 'target'>): string {
  return `restore to instance ${target}`
}

/**
 * The instance of this restore, made as far as it is not: by the one that an earlier worker left, or by a call. Every
 * setting that the call takes is given with it, so that the instance is never open to others.
 * @param isRetained the source is gone, and its automated backups are kept
 * @throws Failure where the name is somebody else's, or the restore failed
 */
export async function ensureRestored(work: RestoreWork, isRetained: boolean, journal: Journal): Promise<void> {
  await journal.once(restoreStep(work), async () => {
    if ((await ownInstance(work)) === undefined) await begin(work, isRetained)
    await untilServing(work)
    return work.target
  })
}

async function begin(work: RestoreWork, isRetained: boolean): Promise<void> {
  const { client, details, point, target, context } = work
  const { instance, resourceId, settings } = details
  const { restored, tags } = settings
  if (!isRetained && (await lookAtInstance(client, instance))?.DbiResourceId !== resourceId)
    throw failed(target, `the instance ${instance} is another one now`, 'choose a newer backup')
  try {
    await client.send(
      new RestoreDBInstanceToPointInTimeCommand({
        ...(isRetained ? { SourceDbiResourceId: resourceId } : { SourceDBInstanceIdentifier: instance }),
        TargetDBInstanceIdentifier: target,
        RestoreTime: point,
        ...Object.fromEntries(Object.entries(restored).filter(([, value]) => !isEmpty(value))),
        Tags: [...tags, { Key: restoreTag, Value: context.operation }],
      }),
    )
  } catch (error) {
    // The answer to a first call may have been lost: then the name is our own, as its tag tells.
    if (nameOf(error) !== 'DBInstanceAlreadyExistsFault') throw error
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0)
}

/** Waits until the instance serves. */
export async function untilServing(work: RestoreWork): Promise<Instance> {
  const { context, target } = work
  const { signal } = context
  const shown = await untilShown(() => ownInstance(work), signal)
  if (shown === undefined) throw failed(target, 'the instance that was asked for is not there', 'run the restore again')
  return await until(async () => {
    const one = await ownInstance(work)
    if (one === undefined) throw failed(target, 'somebody deleted it', 'run the restore again')
    const status = one.DBInstanceStatus ?? ''
    if (failing.test(status))
      throw failed(
        target,
        `it is ${status}`,
        'undo this restore, which removes it, see to the cause, and restore again',
      )
    return status === 'available' ? one : undefined
  }, signal)
}

/**
 * The instance of this restore; undefined where there is none of its name.
 * @throws Failure where an instance of that name is not this restore's
 */
export async function ownInstance({
  client,
  target,
  context,
}: Pick<RestoreWork, 'target' | 'context' | 'client'>): Promise<Instance | undefined> {
  const one = await lookAtInstance(client, target)
  if (one === undefined || isOwn(one, context.operation)) return one
  throw new Failure({
    what: `nothing is restored to instance ${target}`,
    why: 'an instance of that name is there, and its tags say that it is not of this restore',
    next: 'look whose it is; another restore makes an instance of another name',
  })
}

/** Whether an instance was made by that restore. */
export function isOwn({ TagList = [] }: Instance, operation: string): boolean {
  return TagList.some(({ Key, Value }) => Key === restoreTag && Value === operation)
}

function failed(target: string, why: string, next: string): Failure {
  return new Failure({ what: `instance ${target} could not be restored`, why, next })
}
