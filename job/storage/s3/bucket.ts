import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import type { CustomerKey } from './customer-key.ts'

/** A part of a bucket that is a storage. */
export interface Bucket {
  client: S3Client
  name: string
  /** text of the location */
  title: string
  /** an object's key, of its path in the storage; of '' what all of them begin with */
  key(path: string): string
  /** how long a store may take to make an object of its parts, ms */
  assemblyMs: number
  /** what every call for an object's content is given */
  customerKey(): Promise<CustomerKey>
  /** what every new object is given */
  settings: Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass'>
}

/** What all keys below a folder begin with. */
export function prefixOf({ key }: Bucket, folder: string): string {
  const start = key(folder)
  return start === '' || start.endsWith('/') ? start : `${start}/`
}
