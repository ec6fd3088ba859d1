import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutBucketPolicyCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { objectLocation, type S3Location } from '../../../../operation/storage/object-location.ts'
import { openClient } from '../../../../job/storage/s3/client.ts'
import { unfinishedUploads } from '../../../../job/storage/s3/delete.ts'
import { s3Storage } from '../../../../job/storage/s3/s3.ts'
import { readText } from '../../../../job/storage/text.ts'
import { hasGo, startVersitygw, type Versitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { failureOf } from '../failure-of.ts'
import { chunks, filesOf, storageConformance } from './storage-conformance.ts'
import { storeFaults } from './store-faults.ts'

const { signal } = new AbortController()
const patience = { retryMs: 30_000, silentMs: 10_000, preflightRetryMs: 2_000 }
const impatience = { retryMs: 3_000, silentMs: 500, preflightRetryMs: 1_000 }

if (!hasGo()) t.test('S3', { skip: 'there is no go to compile a server with' }, (t) => t.end())
else {
  const server = await startVersitygw()
  t.teardown(() => server.stop())
  const admin = new S3Client({
    region: 'us-east-1',
    endpoint: server.endpoint,
    forcePathStyle: true,
    credentials: server,
  })
  let buckets = 0
  const newBucket = async (): Promise<string> => {
    buckets += 1
    await admin.send(new CreateBucketCommand({ Bucket: `bucket-${buckets}` }))
    return `bucket-${buckets}`
  }

  /** An empty storage below a path of a bucket of its own. */
  const fresh = async (t: Test, { endpoint = server.endpoint, patience: given = patience } = {}) => {
    const bucket = await newBucket()
    const location = locationOf(bucket, endpoint)
    const secrets = secretFolder(t, server)
    return {
      bucket,
      endpoint,
      location,
      secrets,
      storage: s3Storage(location, secrets, given),
      ...inspect(location, secrets),
    }
  }

  t.test('a bucket is a storage', (t) => storageConformance(t, fresh, { mostBuffers: 40 << 20 }))
  t.test('S3 and its faults', (t) => storeFaults(t, (t, options) => fresh(t, { ...options, patience: impatience })))

  t.test('wrong credentials, buckets and rights are told in plain words', async (t) => {
    const { location, storage } = await fresh(t)
    await storage.write('file', chunks('x'), signal)
    await server.addUser('reader', 'secret-of-the-reader')
    await admin.send(
      new PutBucketPolicyCommand({
        Bucket: location.bucket,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: ['reader'] },
              Action: ['s3:GetObject', 's3:ListBucket'],
              Resource: [`arn:aws:s3:::${location.bucket}`, `arn:aws:s3:::${location.bucket}/*`],
            },
          ],
        }),
      }),
    )
    const as = (accessKeyId: string, secretAccessKey: string, to = location) =>
      s3Storage(to, secretFolder(t, { accessKeyId, secretAccessKey }), patience)
    const wrongSecret = as(server.accessKeyId, 'wrong')
    const cases = [
      { storage: wrongSecret, why: /does not accept the access key or its secret/ },
      { storage: as('nobody', 'wrong'), why: /does not accept the access key or its secret/ },
      { storage: as('reader', 'secret-of-the-reader'), why: /may not do that/ },
      {
        storage: s3Storage({ ...location, bucket: 'missing-bucket' }, secretFolder(t, server), patience),
        why: /no such bucket/,
      },
      { storage: s3Storage(location, secretFolder(t, {}), patience), why: /AWS_ACCESS_KEY_ID/ },
    ]
    for (const { storage, why } of cases) {
      const content = chunks('x')
      t.match(await failureOf(storage.write('other', content, signal)), { why })
      t.ok(content.destroyed)
      t.match(await storage.preflight(1), [{ check: 'storage', outcome: 'error', message: why, cure: String }])
    }
    t.match(await failureOf(readText(wrongSecret, 'file')), { why: /does not accept/ })
    t.match(await failureOf(filesOf(wrongSecret, '')), { why: /does not accept/ })
    t.equal(await readText(as('reader', 'secret-of-the-reader'), 'file'), 'x', 'who may read, reads')
  })

  t.test('a Secret that changes is read again', async (t) => {
    const { location } = await fresh(t)
    const secrets = secretFolder(t, { accessKeyId: 'nobody', secretAccessKey: 'wrong' })
    const client = openClient(location, secrets, patience)
    t.match(await client.config.credentials(), { accessKeyId: 'nobody' })
    fillSecret(secrets, server)
    t.match(await client.config.credentials({ forceRefresh: true }), { accessKeyId: server.accessKeyId })
  })
}

function locationOf(bucket: string, endpoint: string): S3Location {
  const location = objectLocation('s3', bucket, ['a', 'prefix'], `endpoint=${endpoint}&secret=some`)
  if (location.kind !== 's3') throw new Error('no location of S3')
  return location
}

/** A Secret as the kubelet mounts it. */
function secretFolder(t: Test, keys: Partial<Pick<Versitygw, 'accessKeyId' | 'secretAccessKey'>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'secret-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  fillSecret(folder, keys)
  return folder
}

function fillSecret(
  folder: string,
  { accessKeyId, secretAccessKey }: Partial<Pick<Versitygw, 'accessKeyId' | 'secretAccessKey'>>,
): void {
  if (accessKeyId !== undefined) writeFileSync(join(folder, 'AWS_ACCESS_KEY_ID'), `${accessKeyId}\n`)
  if (secretAccessKey !== undefined) writeFileSync(join(folder, 'AWS_SECRET_ACCESS_KEY'), secretAccessKey)
}

function inspect(location: S3Location, secrets: string) {
  const client = openClient(location, secrets, patience)
  const bucket = {
    client,
    name: location.bucket,
    title: 'the test',
    key: (path: string) => `${location.path}/${path}`,
    settings: {},
  }
  return {
    async begin(path: string) {
      const object = { Bucket: bucket.name, Key: bucket.key(path) }
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
      await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: Buffer.alloc(5 << 20) }))
    },
    async leftovers() {
      const keys: string[] = []
      for await (const { Key = '' } of unfinishedUploads(bucket, '')) keys.push(Key)
      return keys
    },
  }
}
