import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { Test } from 'tap'
import { usualLateLook } from '../../../../../../job/databases/cassandra/backup/snapshots.ts'
import { usualRestorePatience } from '../../../../../../job/databases/cassandra/cassy/restoring.ts'
import { usualCassyPatience } from '../../../../../../job/databases/cassandra/cassy/upload.ts'
import type { RequestOf } from '../../../../../../operation/request.ts'
import { startCassy } from '../../../../../stand-ins/cassy/cassy.ts'
import { startVersitygw } from '../../../../../stand-ins/versitygw/versitygw.ts'
import { scene } from '../stage.ts'

/** Long enough for any machine; only a test in which nothing comes waits for less. */
const patience = { everyMs: 20, lookMs: 50, quietMs: 60_000, lostMs: 20_000 }
Object.assign(usualCassyPatience, patience)
const restorePatience = { everyMs: 20, quietMs: 60_000, forgottenMs: 60_000, lostMs: 500 }
Object.assign(usualRestorePatience, restorePatience)
Object.assign(usualLateLook, { forMs: 300, everyMs: 20 })

/** What never comes is not waited for in one test. */
export function impatient(t: Test): void {
  Object.assign(usualCassyPatience, { quietMs: 500, lostMs: 300 })
  Object.assign(usualRestorePatience, { quietMs: 500, forgottenMs: 500 })
  t.teardown(() => {
    Object.assign(usualCassyPatience, patience)
    Object.assign(usualRestorePatience, restorePatience)
  })
}

export type CassyScene = Awaited<ReturnType<Awaited<ReturnType<typeof cassyGround>>>>

/**
 * One S3 server for a file of tests, which the worker reads with its own identity.
 * @returns what makes a ring with a Cassy and a bucket of its own
 */
export async function cassyGround(t: Test) {
  const server = await startVersitygw()
  t.teardown(() => server.stop())
  const { endpoint } = server
  process.env['AWS_ACCESS_KEY_ID'] = server.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = server.secretAccessKey
  const s3 = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
  t.teardown(() => s3.destroy())
  let buckets = 0

  return async (t: Test, changes: Partial<RequestOf<'backup'>> = {}, own: Record<string, string> = {}) => {
    buckets += 1
    const Bucket = `cassy-${buckets}`
    await s3.send(new CreateBucketCommand({ Bucket }))
    const s = await scene(t, changes)
    const keys = async () =>
      (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key ?? '') ?? []
    const cassy = await startCassy(s.ring, {
      put: async (Key, Body) => void (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))),
      keys,
    })
    t.teardown(() => cassy.kill())
    const storage = `s3://${Bucket}?endpoint=${endpoint}&region=us-east-1`
    const databases = { own: { cassy: cassy.address, 'cassy-storage': storage, ...own } }
    const backup: RequestOf<'backup'> = { ...s.backup, target: { ...s.backup.target, databases } }
    return {
      ...s,
      backup,
      cassy,
      storage,
      run: (request: Parameters<typeof s.run>[0] = backup, its?: Parameters<typeof s.run>[1]) => s.run(request, its),
      /** what is in Cassy's bucket */
      keys,
      put: async (Key: string, Body: string) => void (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))),
      remove: async (Key: string) => void (await s3.send(new DeleteObjectCommand({ Bucket, Key }))),
      /** names of Cassy's snapshots on any node */
      onNodes: () => [...new Set(s.ring.left().flatMap((line) => /[0-9a-f-]{36}$/.exec(line) ?? []))],
      entry: () => s.record()?.backup?.databases[0],
      asked: (method: string) => cassy.calls.filter((call) => call.startsWith(method)),
    }
  }
}
