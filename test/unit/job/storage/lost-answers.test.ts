import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { claimFolder, sealFolder } from '../../../../job/databases/dump/own-folder.ts'
import { verifyDump } from '../../../../job/databases/dump/verify.ts'
import { openStorage } from '../../../../job/storage/open.ts'
import { parseLocation } from '../../../../operation/location.ts'
import { mounts } from '../../../../operation/request.ts'
import { hasGo, startVersitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { serviceInFront } from './service-in-front.ts'

const { signal } = new AbortController()
const Bucket = 'dumps'
const own = { operation: 'backup-a', database: 'mysql://db:3306' }

t.test(
  'an upload that was begun, and begun again since the answer was lost, does not outlive the dump',
  { skip: hasGo() ? false : 'there is no go to compile a server with' },
  async (t) => {
    const server = await startVersitygw()
    t.teardown(() => server.stop())
    const { endpoint } = server
    const admin = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
    t.teardown(() => admin.destroy())
    await admin.send(new CreateBucketCommand({ Bucket }))
    const storageSecrets = t.testdir()
    Object.assign(mounts, { storageSecrets })
    mkdirSync(join(storageSecrets, 'store'))
    writeFileSync(join(storageSecrets, 'store', 'AWS_ACCESS_KEY_ID'), server.accessKeyId)
    writeFileSync(join(storageSecrets, 'store', 'AWS_SECRET_ACCESS_KEY'), server.secretAccessKey)
    const unfinished = async () => (await admin.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []

    let lost = 0
    const { hostname, port } = new URL(endpoint)
    const front = await serviceInFront(t, endpoint, ({ method, headers, url: path = '' }) => {
      if (method !== 'POST' || !path.includes('uploads') || lost > 0) return undefined
      lost += 1
      request({ hostname, port, path, method, headers }).end()
      return { status: 500, code: 'InternalError', message: 'the server has begun it all the same' }
    })
    const storage = openStorage(parseLocation(`s3://${Bucket}/ledger?endpoint=${front}&secret=store`))
    await claimFolder(storage, 'a/db', own)
    const content = Readable.from(Array.from({ length: 9 }, () => Buffer.alloc(1 << 20, 'row ')))
    const rows = { path: 'rows', ...(await storage.write('a/db/rows', content, signal)) }
    t.equal(lost, 1)
    t.equal((await unfinished()).length, 1, 'the first of the two has no end')
    const seal = await sealFolder(storage, 'a/db', own, [rows], signal)
    await verifyDump(storage, 'a/db', 'db', seal, signal)
    t.strictSame(await unfinished(), [])
  },
)
