import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Held } from '../storage.ts'
import type { Bucket } from './bucket.ts'
import { guarded } from './error.ts'
import { listObjects } from './read.ts'

const atOnce = 16

/**
 * What of a folder an object lock or a legal hold keeps; see Storage.held. An object's own answer tells of it to those
 * who have s3:GetObjectRetention and s3:GetObjectLegalHold ("HeadObject", S3 API Reference); to others nothing is held.
 */
export async function heldObjects(bucket: Bucket, folder: string): Promise<Held | undefined> {
  let files = 0
  let untilMs: number | undefined
  const look = async (path: string) => {
    const { ObjectLockLegalHoldStatus, ObjectLockRetainUntilDate } = await guarded(
      bucket.title,
      `${path} cannot be looked at`,
      async () =>
        await bucket.client.send(
          new HeadObjectCommand({ Bucket: bucket.name, Key: bucket.key(path), ...(await bucket.customerKey()) }),
        ),
    )
    const ownMs =
      ObjectLockLegalHoldStatus === 'ON' ? Infinity : (ObjectLockRetainUntilDate?.getTime() ?? Number.NEGATIVE_INFINITY)
    if (ownMs <= Date.now()) return
    files += 1
    untilMs = Math.max(untilMs ?? ownMs, ownMs)
  }
  let looking: Promise<void>[] = []
  for await (const { path } of listObjects(bucket, folder)) {
    looking.push(look(path))
    if (looking.length < atOnce) continue
    await Promise.all(looking)
    looking = []
  }
  await Promise.all(looking)
  if (untilMs === undefined) return undefined
  return { files, ...(untilMs === Infinity ? {} : { until: new Date(untilMs).toISOString() }) }
}
