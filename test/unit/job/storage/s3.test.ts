import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { objectLocation, type S3Location } from '../../../../operation/storage/object-location.ts'
import { openClient } from '../../../../job/storage/s3/client.ts'
import { unfinishedUploads } from '../../../../job/storage/s3/delete.ts'
import { s3Storage } from '../../../../job/storage/s3/s3.ts'
import type { Storage } from '../../../../job/storage/storage.ts'
import { readText } from '../../../../job/storage/text.ts'
import { hasGo, startVersitygw, type Versitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { failureOf } from '../failure-of.ts'
import { damageIsFound } from './damaged.ts'
import { encryptingService } from './encrypting-service.ts'
import { expiringService } from './expiring-service.ts'
import { chunks, filesOf, storageConformance } from './storage-conformance.ts'
import { storeFaults } from './store-faults.ts'

const { signal } = new AbortController()
const patience = { retryMs: 30_000, silentMs: 10_000, preflightRetryMs: 2_000 }
/** On a bad line: long enough for a busy machine, since only what never answers is waited for. */
const impatience = { retryMs: 8_000, silentMs: 1_500, preflightRetryMs: 1_500 }

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

  const allow = async (bucket: string, user: string, actions: string[]) => {
    const all = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
    const statement = { Effect: 'Allow', Principal: { AWS: [user] }, Action: actions, Resource: all }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
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
  t.test('what a bucket keeps may be damaged', (t) =>
    damageIsFound(t, async (t) => {
      const { bucket: Bucket, storage } = await fresh(t)
      const damage = (path: string, Body: Buffer) =>
        admin.send(new PutObjectCommand({ Bucket, Key: `a/prefix/${path}`, Body }))
      return { storage, damage }
    }),
  )
  t.test('S3 and its faults', (t) =>
    storeFaults(t, (t, line) => fresh(t, line === undefined ? {} : { ...line, patience: impatience })),
  )

  t.test('wrong credentials, buckets and rights are told in plain words', async (t) => {
    const { location, storage } = await fresh(t)
    await storage.write('file', chunks('x'), signal)
    await server.addUser('reader', 'secret-of-the-reader')
    await allow(location.bucket, 'reader', ['s3:GetObject', 's3:ListBucket'])
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
      t.match(await storage.preflight(1, 'backup-1'), [
        { check: 'storage', outcome: 'error', message: why, cure: String },
      ])
    }
    t.match(await failureOf(readText(wrongSecret, 'file')), { why: /does not accept/ })
    t.match(await failureOf(filesOf(wrongSecret, '')), { why: /does not accept/ })
    t.equal(await readText(as('reader', 'secret-of-the-reader'), 'file'), 'x', 'who may read, reads')
  })

  t.test("how objects are kept is said of every one, and a key of one's own with every call", async (t) => {
    const { bucket } = await fresh(t)
    const service = await encryptingService(t, server.endpoint)
    const keep = (options: string, customerKey?: string) => {
      const location = objectLocation('s3', bucket, ['kept'], options)
      if (location.kind !== 's3') throw new Error('no location of S3')
      // A location has such a key sent to https alone.
      const to = { ...location, options: { ...location.options, endpoint: service.endpoint } }
      return s3Storage(to, secretFolder(t, server), patience, customerKey)
    }
    const saidOf = async (storage: Storage, path: string) => {
      service.kept.length = 0
      await storage.write(`${path}/small`, chunks('x'), signal)
      await storage.write(`${path}/large`, chunks(...Array.from({ length: 90 }, () => 'x'.repeat(100_000))), signal)
      return service.kept
    }
    const kms = keep('sse=aws:kms&kms-key=arn:aws:kms:eu-west-1:1:key/a&storage-class=STANDARD_IA')
    const headers = {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-1:1:key/a',
      'x-amz-storage-class': 'STANDARD_IA',
    }
    t.strictSame(await saidOf(kms, 'kms'), [
      { call: 'PutObject', headers },
      { call: 'CreateMultipartUpload', headers },
    ])

    const [key, other] = [randomBytes(32), randomBytes(32)].map((bytes) => keyFolder(t, bytes.toString('base64')))
    const storage = keep('customer-key-secret=own', key)
    t.match(await storage.preflight(1, 'backup-1'), [{ outcome: 'ok' }])
    t.match(await saidOf(storage, 'own'), [
      { call: 'PutObject', headers: { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' } },
      { call: 'CreateMultipartUpload', headers: { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' } },
    ])
    t.match(await failureOf(storage.write('own/small', chunks('y'), signal)), { why: /already/ })
    await storage.replace('own/small', chunks('y'), signal)
    t.equal(await readText(storage, 'own/small'), 'y')
    t.equal((await readText(storage, 'own/large'))?.length, 9_000_000)
    t.equal((await readText(storage, 'own/large', 10_000_000))?.length, 9_000_000)
    t.match(await failureOf(readText(keep('', other), 'own/small')), { why: /may not do that/ })
    t.match(await failureOf(readText(keep(''), 'own/small')), { why: /InvalidRequest/ })
    for (const wrong of [keyFolder(t, undefined), keyFolder(t, 'short')])
      t.match(await failureOf(keep('', wrong).write('own/other', chunks('x'), signal)), { why: /SSE_CUSTOMER_KEY/ })
    await storage.delete('own')
    t.strictSame(await filesOf(storage, ''), [
      { path: 'kms/large', bytes: 9_000_000 },
      { path: 'kms/small', bytes: 1 },
    ])
  })

  t.test('a bucket with an object lock takes backups, and tells until when it holds them', async (t) => {
    buckets += 1
    const Bucket = `bucket-${buckets}`
    await admin.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
    const DefaultRetention = { Mode: 'GOVERNANCE', Days: 2 } as const
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } } as const
    await admin.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }))
    const storage = s3Storage(locationOf(Bucket, server.endpoint), secretFolder(t, server), patience)
    t.match(await storage.preflight(1, 'backup-1'), [{ outcome: 'ok' }])
    await storage.write('a/rows', chunks(...Array.from({ length: 90 }, () => 'x'.repeat(100_000))), signal)
    await storage.write('a/manifest.json', chunks('{}'), signal)
    await storage.replace('a/manifest.json', chunks('{"files":[]}'), signal)
    t.equal(await readText(storage, 'a/manifest.json'), '{"files":[]}')
    // S3 gives a new object the bucket's default; versitygw looks at that with a deletion only.
    const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 48 * 3_600_000) } as const
    for (const name of ['rows', 'manifest.json'])
      await admin.send(new PutObjectRetentionCommand({ Bucket, Key: `a/prefix/a/${name}`, Retention }))
    const held = await storage.held?.('a')
    t.equal(held?.files, 2)
    const inHours = (Date.parse(held?.until ?? '') - Date.now()) / 3_600_000
    t.ok(inHours > 46 && inHours < 50, `${inHours} hours`)
    await admin.send(new PutObjectLegalHoldCommand({ Bucket, Key: 'a/prefix/a/rows', LegalHold: { Status: 'ON' } }))
    t.strictSame(await storage.held?.('a'), { files: 2 })
    t.equal(await storage.held?.('b'), undefined)
    const { storage: free } = await fresh(t)
    await free.write('a/rows', chunks('x'), signal)
    t.equal(await free.held?.('a'), undefined)
  })

  t.test('an upload is done when its object is there, whatever the store has answered', async (t) => {
    for (const lost of [false, true]) {
      const { endpoint } = await fresh(t)
      const early = await answersEarly(t, endpoint, lost)
      const { storage } = await fresh(t, { endpoint: early, patience: { ...patience, retryMs: 500 } })
      const content = () => chunks(...Array.from({ length: 90 }, () => 'x'.repeat(100_000)))
      if (lost) t.match(await failureOf(storage.write('large', content(), signal)), { why: /does not show it/ })
      else await storage.write('large', content(), signal)
      t.equal((await readText(storage, 'large'))?.length, lost ? undefined : 9_000_000)
    }
  })

  t.test('credentials that expire in the midst of an upload are asked for anew, or told', async (t) => {
    const renewed = { accessKeyId: 'renewed', secretAccessKey: 'secret-of-the-renewed' }
    await server.addUser(renewed.accessKeyId, renewed.secretAccessKey)
    for (const isRenewed of [true, false]) {
      const { bucket, endpoint, location } = await fresh(t)
      await allow(bucket, 'renewed', ['s3:*'])
      const service = await expiringService(t, endpoint)
      const secrets = secretFolder(t, server)
      const options = { ...location.options, endpoint: service.endpoint }
      const storage = s3Storage({ ...location, options }, secrets, patience)
      const content = async function* () {
        yield Buffer.alloc(9_000_000, 'x')
        service.expire(server.accessKeyId, () => isRenewed && fillSecret(secrets, renewed))
        yield Buffer.alloc(9_000_000, 'y')
      }
      const writing = storage.write('rows', Readable.from(content()), signal)
      if (isRenewed) t.equal((await writing).bytes, 18_000_000)
      else t.match(await failureOf(writing), { why: /has expired/, next: /a fresh token into the Secret/ })
      const present = s3Storage(location, secretFolder(t, server), patience)
      t.equal((await readText(present, 'rows'))?.length, isRenewed ? 18_000_000 : undefined)
    }
  })

  t.test("without a Secret the pod's own identity writes and reads, as EKS Pod Identity gives it", async (t) => {
    const { bucket, endpoint } = await fresh(t)
    const folder = mkdtempSync(join(tmpdir(), 'token-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const token = join(folder, 'eks-pod-identity-token')
    // "Container credential provider" of the AWS SDKs and Tools Reference Guide.
    const agent = createServer(({ headers: { authorization } }, response) => {
      const isKnown = authorization === 'token-of-the-worker'
      response.writeHead(isKnown ? 200 : 403, { 'content-type': 'application/json' })
      const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = server
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      // The gateway knows no session tokens.
      response.end(JSON.stringify(isKnown ? { AccessKeyId, SecretAccessKey, Token: '', Expiration } : {}))
    }).listen(0, '127.0.0.1')
    await once(agent, 'listening')
    t.teardown(() => agent.close())
    const identity: Record<string, string> = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(agent.address() as AddressInfo).port}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    Object.assign(process.env, identity)
    t.teardown(() => Object.keys(identity).forEach((name) => delete process.env[name]))
    const location = objectLocation('s3', bucket, ['a'], `endpoint=${endpoint}`)
    if (location.kind !== 's3') throw new Error('no location of S3')
    const open = () => s3Storage(location, undefined, { ...patience, retryMs: 2_000 })

    writeFileSync(token, 'token-of-the-worker')
    const storage = open()
    t.match(await storage.preflight(1, 'backup-1'), [{ outcome: 'ok' }])
    await storage.write('file', chunks('x'.repeat(9_000_000), 'end'), signal)
    t.equal((await readText(storage, 'file'))?.length, 9_000_003)
    writeFileSync(token, 'token-of-a-stranger')
    const refusal = { why: /there are no credentials/, next: /give the ServiceAccount an identity/ }
    t.match(await failureOf(open().write('other', chunks('x'), signal)), refusal)
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

/**
 * A store that answers a CompleteMultipartUpload before the object is there, as versitygw 1.8 answers the second of two
 * calls while the first still copies.
 * @param lost whether the object never comes
 */
async function answersEarly(t: Test, endpoint: string, lost: boolean): Promise<string> {
  const { hostname, port } = new URL(endpoint)
  const server = createServer(async (incoming, response) => {
    const { method, headers, url: path = '' } = incoming
    const forward = () => request({ hostname, port, path, method, headers })
    if (method !== 'POST' || !path.includes('uploadId=')) {
      const forwarded = forward().on('error', () => response.destroy())
      forwarded.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      })
      incoming.pipe(forwarded)
      return
    }
    const body = await buffer(incoming)
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.end('<CompleteMultipartUploadResult><ETag>"early"</ETag></CompleteMultipartUploadResult>')
    if (!lost)
      setTimeout(
        () =>
          forward()
            .on('error', () => undefined)
            .end(body),
        1_000,
      )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The Secret with a key of one's own, as the kubelet mounts it. */
function keyFolder(t: Test, key: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'key-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  if (key !== undefined) writeFileSync(join(folder, 'SSE_CUSTOMER_KEY'), `${key}\n`)
  return folder
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
    assemblyMs: 1000,
    customerKey: () => Promise.resolve({}),
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
