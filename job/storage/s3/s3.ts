// Room: a part of an S3 bucket as a storage; of Amazon's, or of any store that speaks like it.
// Read s3, write, read, delete, held, error, client, customer-key.

import type { StorageClass } from '@aws-sdk/client-s3'
import { formatObjectLocation, type S3Location } from '../../../operation/storage/object-location.ts'
import { probeStore } from '../objects/probe.ts'
import { usualPatience, type StorePatience } from '../objects/patience.ts'
import { upload } from '../objects/upload.ts'
import { checkedPath, checkPath } from '../path.ts'
import type { Storage } from '../storage.ts'
import type { Bucket } from './bucket.ts'
import { openClient } from './client.ts'
import { customerKeyIn } from './customer-key.ts'
import { abortUnfinished, deleteFolder } from './delete.ts'
import { heldObjects } from './held.ts'
import { listObjects, readObject } from './read.ts'
import { s3Target } from './write.ts'

/** A store that copies the parts of a large object is at work for longer than any other call may take. */
const assembly = 6

/**
 * Storage in an S3 bucket; nothing is touched yet.
 * @param secrets folder with the keys of the Secret that the location names, as files
 * @param customerKey the same of the Secret with a key of one's own for encryption by the service
 */
export function s3Storage(
  location: S3Location,
  secrets: string | undefined,
  patience: StorePatience = usualPatience,
  customerKey?: string,
): Storage {
  const { silentMs, preflightRetryMs } = patience
  const storage = storageIn(bucketOf(location, secrets, patience, customerKey), silentMs)
  return {
    ...storage,
    async preflight(_, operation) {
      const impatient = { retryMs: preflightRetryMs, silentMs: Math.min(silentMs, preflightRetryMs) }
      return await probeStore(
        storageIn(bucketOf(location, secrets, impatient, customerKey), impatient.silentMs),
        operation,
      )
    },
  }
}

function bucketOf(
  location: S3Location,
  secrets: string | undefined,
  patience: { retryMs: number; silentMs: number },
  customerKey: string | undefined,
): Bucket {
  const { bucket, path, options } = location
  const title = formatObjectLocation(location)
  return {
    client: openClient(location, secrets, patience),
    name: bucket,
    title,
    assemblyMs: assembly * patience.retryMs,
    customerKey: async () => (customerKey === undefined ? {} : await customerKeyIn(customerKey, title)),
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
    async held(folder) {
      checkPath(title, folder)
      return await heldObjects(bucket, folder)
    },
    async removeUnfinished(folder) {
      checkPath(title, folder)
      await abortUnfinished(bucket, folder)
    },
    async delete(folder) {
      checkPath(title, folder)
      await deleteFolder(bucket, folder)
    },
  }
}
