import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { objectLocation } from '../../../../operation/storage/object-location.ts'
import { s3Storage } from '../../../../job/storage/s3/s3.ts'
import { readText } from '../../../../job/storage/text.ts'
import { hasGo, startVersitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { failureOf } from '../failure-of.ts'
import { serviceInFront } from './service-in-front.ts'
import { chunks, filesOf } from './storage-conformance.ts'

// Azure has no row: an account has a capacity, but none of "Blob Storage error codes" is an answer of a full one.

const { signal } = new AbortController()
const mebibyte = 1 << 20
/** Longer than any test may take: what is tried again until then is seen. */
const patience = { retryMs: 300_000, silentMs: 30_000, preflightRetryMs: 300_000 }
const full = { why: /the storage is full/, next: /delete backup.*quota/ }
const content = (mebibytes: number) => chunks(...Array.from({ length: mebibytes }, () => 'x'.repeat(mebibyte)))

/** A gateway with one bucket, and a storage in it. */
async function gateway(t: Test, folder: string) {
  const server = await startVersitygw(folder)
  t.teardown(() => server.stop())
  const { endpoint } = server
  const admin = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
  t.teardown(() => admin.destroy())
  const Bucket = 'bucket'
  await admin.send(new CreateBucketCommand({ Bucket }))
  const secrets = mkdtempSync(join(tmpdir(), 'secret-'))
  t.teardown(() => rmSync(secrets, { recursive: true }))
  writeFileSync(join(secrets, 'AWS_ACCESS_KEY_ID'), server.accessKeyId)
  writeFileSync(join(secrets, 'AWS_SECRET_ACCESS_KEY'), server.secretAccessKey)
  return {
    endpoint,
    storageAt(place: string) {
      const location = objectLocation('s3', Bucket, ['a'], `endpoint=${place}&secret=some`)
      if (location.kind !== 's3') throw new Error('no location of S3')
      return s3Storage(location, secrets, patience)
    },
    unfinished: async () => (await admin.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [],
  }
}

if (!hasGo()) t.test('full S3', { skip: 'there is no go to compile a server with' }, (t) => t.end())
else {
  const skip = process.getuid?.() === 0 ? false : 'mounting needs root'
  t.test(
    'a store whose disk is full says so at once, keeps what it has, and takes more when there is room',
    { skip },
    async (t) => {
      const disk = mkdtempSync(join(tmpdir(), 'disk-'))
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk])
      t.teardown(() => {
        execFileSync('umount', [disk])
        rmdirSync(disk)
      })
      const { endpoint, storageAt, unfinished } = await gateway(t, disk)
      const storage = storageAt(endpoint)
      await storage.write('first/file', content(9), signal)
      for (const verb of ['write', 'replace'] as const) {
        const path = verb === 'write' ? 'second/file' : 'first/file'
        const large = content(60)
        const failure = await failureOf(storage[verb](path, large, signal))
        t.match(failure, { ...full, what: new RegExp(`${path} cannot be written`) })
        t.match(failure.cause, { $metadata: { httpStatusCode: 507, attempts: 1 } }, 'it is asked once')
        t.ok(large.destroyed, 'nobody goes on producing')
        t.strictSame(await unfinished(), [])
      }
      t.strictSame(await filesOf(storage, ''), [{ path: 'first/file', bytes: 9 * mebibyte }])
      t.equal((await readText(storage, 'first/file'))?.length, 9 * mebibyte)

      t.throws(() => writeFileSync(join(disk, 'filler'), Buffer.alloc(64 * mebibyte)), { code: 'ENOSPC' })
      t.match(await storage.preflight(1, 'backup-1'), [
        { check: 'storage', outcome: 'error', message: full.why, cure: full.next },
      ])
      await storage.delete('first')
      t.match(await storage.preflight(1, 'backup-1'), [{ outcome: 'ok' }])
      await storage.write('third/file', content(5), signal)
      t.strictSame(await filesOf(storage, ''), [{ path: 'third/file', bytes: 5 * mebibyte }])
    },
  )

  t.test('so does one with a quota, by whichever code', async (t) => {
    const { endpoint, storageAt, unfinished } = await gateway(t, tmpdir())
    const refusals = [
      // MinIO: "XMinioStorageFull" of its API's errors
      {
        status: 507,
        code: 'XMinioStorageFull',
        message: 'Storage backend has reached its minimum free drive threshold.',
      },
      // Ceph: "Quota management" of the Ceph Object Gateway; versitygw as well
      { status: 403, code: 'QuotaExceeded', message: 'Your request was denied due to quota exceeded.' },
    ]
    for (const refusal of refusals) {
      let asked = 0
      const front = await serviceInFront(t, endpoint, ({ method = '' }) => {
        if (method !== 'PUT') return undefined
        asked += 1
        return refusal
      })
      const storage = storageAt(front)
      t.match(
        await storage.preflight(1, 'backup-1'),
        [{ outcome: 'error', message: full.why, cure: full.next }],
        refusal.code,
      )
      t.equal(asked, 1, `${refusal.code} is asked once`)
      for (const mebibytes of [1, 20]) {
        const refused = content(mebibytes)
        t.match(await failureOf(storage.write('file', refused, signal)), full, `${refusal.code}, ${mebibytes} MiB`)
        t.ok(refused.destroyed)
      }
      t.strictSame(await filesOf(storage, ''), [])
      t.strictSame(await unfinished(), [], 'no upload is left behind')
    }
  })
}
