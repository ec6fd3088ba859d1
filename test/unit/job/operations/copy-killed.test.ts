import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { verifyDump } from '../../../../job/databases/dump/verify.ts'
import { openStorage } from '../../../../job/storage/open.ts'
import { work } from '../../../../job/worker/worker.ts'
import { parseLocation } from '../../../../operation/location.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'
import { mounts, type OperationRequest, type RequestOf } from '../../../../operation/request.ts'
import { startAzurite } from '../../../stand-ins/azurite/azurite.ts'
import { hasGo, startVersitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { writtenDump } from '../databases/dump/written-dump.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { serviceInFront } from '../storage/service-in-front.ts'

const { signal } = new AbortController()
const Bucket = 'second'
const from = 'pvc://first/nightly'

/** A worker that dies before its n-th write, to the cluster or to the store: nothing of it arrives any more. */
class Life {
  #left: number
  constructor(writes: number) {
    this.#left = writes
  }
  get over(): boolean {
    return this.#left <= 0
  }
  /** counts a write, which is the first that is not made where it says so */
  ends(): boolean {
    this.#left -= 1
    return this.over
  }
}

if (!hasGo()) t.test('a copy', { skip: 'there is no go to compile a server with' }, (t) => t.end())
else {
  const server = await startVersitygw()
  t.teardown(() => server.stop())
  const { endpoint } = server
  const admin = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
  t.teardown(() => admin.destroy())
  await admin.send(new CreateBucketCommand({ Bucket }))
  // The claim and the Secret, as the kubelet would mount them.
  const [volume, storageSecrets] = [t.testdir(), join(t.testdirName, 'secrets')]
  Object.assign(mounts, { volume, storageSecrets })
  mkdirSync(join(storageSecrets, 'second'), { recursive: true })
  writeFileSync(join(storageSecrets, 'second', 'AWS_ACCESS_KEY_ID'), server.accessKeyId)
  writeFileSync(join(storageSecrets, 'second', 'AWS_SECRET_ACCESS_KEY'), server.secretAccessKey)
  const backup = await twoDumps()

  /** One copy, of as many workers as are started, to a place of its own. */
  const copyTo = async (t: Test, name: string) => {
    let life = new Life(Infinity)
    const front = await serviceInFront(t, endpoint, ({ method = '' }) => {
      const isWrite = ['PUT', 'POST', 'DELETE'].includes(method)
      // Nobody refuses so: what matters is that it is not tried again.
      return life.over || (isWrite && life.ends()) ? { status: 403, code: 'AccessDenied', message: 'dead' } : undefined
    })
    const to = `s3://${Bucket}/${name}?endpoint=${front}&secret=second`
    const cluster = inMemoryCluster([])
    cluster.recordsByName.set(backup.operation, backup)
    const { writeJournal, writeRecord } = cluster
    const living = () => {
      if (life.over || life.ends()) throw new Error('killed')
    }
    cluster.writeJournal = async (...given) => {
      living()
      await writeJournal(...given)
    }
    cluster.writeRecord = async (...given) => {
      living()
      await writeRecord(...given)
    }
    const { kind: _, pause: __, target, ...common } = pauseRequest()
    const request: RequestOf<'copy'> = {
      ...common,
      target: { ...target, releases: [] },
      kind: 'copy',
      operation: 'copy-nightly',
      backup: backup.operation,
      from,
      to,
    }
    return {
      to,
      cluster,
      /** @returns whether it lived to its end */
      async run(writes: number) {
        life = new Life(writes)
        const events = jsonLineEvents(() => undefined)
        const code = await work(request, { cluster, events, signal }).catch(() => undefined)
        const lived = !life.over
        life = new Life(Infinity)
        if (lived) t.equal(code, 0, 'who lives succeeds')
        return lived
      },
      /** what lies there by now, a file's path and the hash of its content */
      async files() {
        const storage = openStorage(parseLocation(to))
        const found: Record<string, string> = {}
        for await (const { path } of storage.list('')) {
          const content = await buffer((await storage.read(path)) ?? Readable.from([]))
          found[path] = createHash('sha256').update(content).digest('hex')
        }
        return found
      },
    }
  }

  t.test('a copy goes from any storage to any other, each found and imported where nobody knows it', async (t) => {
    const azure = await startAzurite()
    t.teardown(() => azure.stop())
    const key = new StorageSharedKeyCredential(azure.account, azure.key)
    await new BlobServiceClient(azure.endpoint, key).getContainerClient('third').create()
    mkdirSync(join(storageSecrets, 'third'))
    writeFileSync(join(storageSecrets, 'third', 'AZURE_STORAGE_KEY'), azure.key)
    const targetVolume = t.testdir()
    Object.assign(mounts, { targetVolume })
    const { kind: _, pause: __, target, ...common } = pauseRequest()
    const shared = { ...common, target: { ...target, releases: [] } }
    const below = (location: string) => location.replace(/\?|$/, '/nightly$&')
    const filesAt = async (location: string, volume?: string) => {
      const storage = openStorage(parseLocation(location), volume)
      const found: Record<string, string> = {}
      for await (const { path } of storage.list('')) {
        const content = await buffer((await storage.read(path)) ?? Readable.from([]))
        // The claim tells of the operation that copied it.
        if (!path.endsWith('claim.json')) found[path] = createHash('sha256').update(content).digest('hex')
      }
      return found
    }

    let cluster = inMemoryCluster([])
    cluster.recordsByName.set(backup.operation, backup)
    const run = (request: OperationRequest) =>
      work(request, { cluster, events: jsonLineEvents(() => undefined), signal })
    const places = [
      from.replace('/nightly', ''),
      `s3://${Bucket}/chain?endpoint=${endpoint}&secret=second`,
      `azblob://${azure.account}/third/chain?endpoint=${azure.endpoint}&secret=third`,
      'pvc://fourth/chain',
    ]
    const whole: Record<string, string>[] = []
    for (const [index, to] of places.entries()) {
      const previous = places[index - 1]
      if (previous === undefined) continue
      if (index > 1) {
        cluster = inMemoryCluster([])
        t.equal(await run({ ...shared, kind: 'list', operation: 'list-all', from: previous }), 0)
        const { found = [] } = cluster.recordsByName.get('list-all') ?? {}
        t.match(found, [{ operation: backup.operation, backup: { location: below(previous), state: 'restorable' } }])
        t.equal(await run({ ...shared, kind: 'import', operation: 'import-one', from: below(previous) }), 0, previous)
      }
      const copy = { ...shared, kind: 'copy' as const, operation: 'copy-one', backup: backup.operation }
      t.equal(await run({ ...copy, from: below(previous), to }), 0, to)
      t.strictSame(cluster.recordsByName.get(backup.operation)?.backup?.copies, [below(to)])
      whole.push(await filesAt(to, to.startsWith('pvc:') ? targetVolume : undefined))
    }
    const location = below(places[2] ?? '')
    const removal = { ...shared, kind: 'delete' as const, operation: 'delete-one', backup: backup.operation, location }
    t.equal(await run(removal), 0, 'who has imported it may delete it')
    t.strictSame(await filesAt(places[2] ?? ''), {})
    const [inS3 = {}, inAzure = {}, onVolume = {}] = whole
    t.equal(Object.keys(inS3).length, 6)
    const dumps = (files: Record<string, string>) =>
      Object.entries(files).filter(([path]) => !path.endsWith('record.json'))
    t.strictSame(dumps(inAzure), dumps(inS3))
    t.strictSame(dumps(onVolume), dumps(inS3))
  })

  t.test('killed at every write and run again, a copy ends the same, verified, and leaves nothing', async (t) => {
    const whole = await copyTo(t, 'whole')
    t.ok(await whole.run(Infinity))
    const expected = await whole.files()
    t.strictSame(Object.keys(expected), [
      'nightly/claim.json',
      'nightly/mysql-1/manifest.json',
      'nightly/mysql-1/rows',
      'nightly/postgresql-1/dump/large',
      'nightly/postgresql-1/dump/toc',
      'nightly/postgresql-1/manifest.json',
      'nightly/record.json',
    ])
    for (const { folder = '', title, details } of backup.backup?.databases ?? [])
      await verifyDump(
        openStorage(parseLocation(whole.to)),
        folder,
        title,
        { sha256: String(details['manifestSha256']) },
        signal,
      )
    /** @returns whether the first worker lived */
    const killedAt = async (write: number) => {
      const copy = await copyTo(t, `killed-${write}`)
      const lived = await copy.run(write)
      const told = copy.cluster.recordsByName.get(backup.operation)?.backup?.copies
      if (told !== undefined) t.strictSame(await copy.files(), expected, `${write}: what is told of is whole`)
      t.ok(await copy.run(Infinity))
      const record = copy.cluster.recordsByName.get('copy-nightly')
      t.match(record, { state: 'succeeded', exitCode: 0 }, `killed at write ${write}`)
      const copies = copy.cluster.recordsByName.get(backup.operation)?.backup?.copies
      t.strictSame(copies, [copy.to.replace('?', '/nightly?')], `killed at write ${write}`)
      const left = Object.entries(await copy.files()).filter(([path]) => !path.startsWith('.kubectl-scalardl-probe-'))
      t.strictSame(Object.fromEntries(left), expected, `killed at write ${write}`)
      return lived
    }
    let survived = 0
    let write = 0
    while (survived === 0) {
      const next = Array.from({ length: 4 }, (_, index) => write + index + 1)
      survived = (await Promise.all(next.map(killedAt))).filter((lived) => lived).length
      write += next.length
    }
    t.comment(`${write - survived} writes`)
    t.ok(write - survived > 20, 'there are many')
    const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket }))
    t.strictSame(Uploads, [], 'no upload is left behind')
  })
}

/** The record of a restorable backup whose two dumps lie on the volume; a file of one takes several parts in S3. */
async function twoDumps(): Promise<OperationRecord> {
  const storage = openStorage(parseLocation('pvc://first'))
  const operation = 'backup-nightly'
  const dumped = async (kind: string, files: Record<string, string | Buffer>) => {
    const [title, folder] = [`${kind}://db/ledger`, `nightly/${kind}-1`]
    const { sha256, bytes } = await writtenDump(storage, folder, { operation, database: title }, files)
    return { storages: ['default'], kind, title, tables: [], folder, bytes, details: { manifestSha256: sha256 } }
  }
  const databases = [
    await dumped('postgresql', { 'dump/toc': 'contents', 'dump/large': Buffer.alloc(9 << 20, 'row ') }),
    await dumped('mysql', { rows: 'some rows' }),
  ]
  const createdAt = '2026-11-21T09:00:00.000Z'
  const fresh = newRecord({ operation, kind: 'backup', namespace: 'ns', releases: [], createdAt, plugin: '0.1.0' })
  const backup = { name: 'nightly', state: 'restorable' as const, location: from, databases }
  return { ...fresh, state: 'succeeded', exitCode: 0, finishedAt: createdAt, backup }
}
