// Room: a part of an S3 bucket as a storage; of Amazon's, or of any store that speaks like it.
// Read s3, write, read, delete, error, client.

import type { StorageClass } from '@aws-sdk/client-s3'
import { formatObjectLocation, type S3Location } from '../../../operation/storage/object-location.ts'
import { probeStore } from '../objects/probe.ts'
import { usualPatience, type StorePatience } from '../objects/patience.ts'
import { upload } from '../objects/upload.ts'
import { checkedPath, checkPath } from '../path.ts'
import type { Storage } from '../storage.ts'
import type { Bucket } from './bucket.ts'
import { openClient } from './client.ts'
import { deleteFolder } from './delete.ts'
import { listObjects, readObject } from './read.ts'
import { s3Target } from './write.ts'

/**
 * Storage in an S3 bucket; nothing is touched yet.
 * @param secrets folder with the keys of the Secret that the location names, as files
 */
export function s3Storage(
  location: S3Location,
  secrets: string | undefined,
  patience: StorePatience = usualPatience,
): Storage {
  const { silentMs, preflightRetryMs } = patience
  const storage = storageIn(bucketOf(location, secrets, patience), silentMs)
  return {
    ...storage,
    async preflight() {
      const impatient = { retryMs: preflightRetryMs, silentMs: Math.min(silentMs, preflightRetryMs) }
      return await probeStore(storageIn(bucketOf(location, secrets, impatient), impatient.silentMs))
    },
  }
}

function bucketOf(
  location: S3Location,
  secrets: string | undefined,
  patience: { retryMs: number; silentMs: number },
): Bucket {
  const { bucket, path, options } = location
  return {
    client: openClient(location, secrets, patience),
    name: bucket,
    title: formatObjectLocation(location),
    key: (below) => [path, below].filter((part) => part !== '').join('/'),
    settings: {
      ...(options.sse === undefined ? {} : { ServerSideEncryption: options.sse }),
      ...(options['kms-key'] === undefined ? {} : { SSEKMSKeyId: options['kms-key'] }),
      ...(options['storage-class'] === undefined ? {} : { StorageClass: options['storage-class'] as StorageClass }),
    },
  }
}

function storageIn(bucket: Bucket, silentMs: number): Omit<Storage, 'preflight'> {
  const { title } = bucket
  return {
    title,
    write: async (path, content, signal) =>
      await upload(
        content,
        signal,
        s3Target(
          bucket,
          checkedPath(path, content, (path) => checkPath(title, path)),
          'new',
        ),
      ),
    replace: async (path, content, signal) =>
      await upload(
        content,
        signal,
        s3Target(
          bucket,
          checkedPath(path, content, (path) => checkPath(title, path)),
          'replace',
        ),
      ),
    async read(path, range = { first: 0 }) {
      checkPath(title, path)
      return await readObject(bucket, path, range, silentMs)
    },
    async *list(folder) {
      if (folder !== '') checkPath(title, folder)
      yield* listObjects(bucket, folder)
    },
    async delete(folder) {
      checkPath(title, folder)
      await deleteFolder(bucket, folder)
    },
  }
}
