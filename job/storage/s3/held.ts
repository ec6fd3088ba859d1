import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { heldAmong } from '../objects/held.ts'
import type { Held } from '../storage.ts'
import type { Bucket } from './bucket.ts'
import { guarded } from './error.ts'
import { listObjects } from './read.ts'

/**
 * What of a folder an object lock or a legal hold keeps; see Storage.held. An object's own answer tells of it to those
 * who have s3:GetObjectRetention and s3:GetObjectLegalHold ("HeadObject", S3 API Reference); to others nothing is held.
 */
export async function heldObjects(bucket: Bucket, folder: string): Promise<Held | undefined> {
  return await heldAmong(listObjects(bucket, folder), async (path) => {
    const { ObjectLockLegalHoldStatus, ObjectLockRetainUntilDate } = await guarded(
      bucket.title,
      `${path} cannot be looked at`,
      async () =>
        await bucket.client.send(
          new HeadObjectCommand({ Bucket: bucket.name, Key: bucket.key(path), ...(await bucket.customerKey()) }),
        ),
    )
    if (ObjectLockLegalHoldStatus === 'ON') return Infinity
    return ObjectLockRetainUntilDate?.getTime() ?? Number.NEGATIVE_INFINITY
  })
}
