import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { verifyDump } from '../../../../job/databases/dump/verify.ts'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { openStorage } from '../../../../job/storage/open.ts'
import { work } from '../../../../job/worker/worker.ts'
import { parseLocation } from '../../../../operation/location.ts'
import { mounts, type RequestOf } from '../../../../operation/request.ts'
import { startAzurite } from '../../../stand-ins/azurite/azurite.ts'
import { startMysql } from '../../../stand-ins/mysql/local-server.ts'
import { hasGo, startVersitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { createLedgerSchemas } from '../databases/mysql/ledger-schemas.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { killsApart } from '../kills.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedger } from '../servers/ledgers.ts'
import { serviceInFront } from '../storage/service-in-front.ts'

// A worker that is killed at any write to the cluster or to the store, and its successor.

const { signal } = new AbortController()
const secrets = t.testdir({ secret: {} })
Object.assign(mounts, { storageSecrets: secrets })
const keep = (key: string, value: string) => writeFileSync(join(secrets, 'secret', key), value)

const mysql = await startMysql()
t.teardown(() => mysql.stop())
await createLedgerSchemas(mysql, '_k', 10)
const connection = await mysql.connect()
// More than one part of an object, however it is compressed.
await connection.query('CREATE TABLE scalar_k.large (id int PRIMARY KEY, content longblob NOT NULL)')
for (let id = 0; id < 36; id += 1)
  await connection.query('INSERT INTO scalar_k.large VALUES (?, ?)', [id, randomBytes(256 << 10)])
await connection.end()
const properties = join(secrets, 'ledger')
writeFileSync(
  properties,
  [
    'scalar.db.storage=jdbc',
    `scalar.db.contact_points=jdbc:mysql://${mysql.host}:${mysql.port}/`,
    `scalar.db.username=${mysql.user}`,
    `scalar.db.password=${mysql.password}`,
    'scalar.db.jdbc.table_metadata.schema=scalardb_k',
    'scalar.db.consensus_commit.coordinator.namespace=coordinator_k',
  ].join('\n'),
)

/** A real server, whose storages are reached by another endpoint. */
interface Store {
  endpoint: string
  /** @param front where its calls go */
  locationOf(path: string, front: string): string
  /** names of what was begun and never ended */
  unfinished(): Promise<string[]>
}

async function versitygw(t: Test): Promise<Store> {
  const server = await startVersitygw()
  t.teardown(() => server.stop())
  const { endpoint } = server
  const admin = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
  t.teardown(() => admin.destroy())
  await admin.send(new CreateBucketCommand({ Bucket: 'dumps' }))
  keep('AWS_ACCESS_KEY_ID', server.accessKeyId)
  keep('AWS_SECRET_ACCESS_KEY', server.secretAccessKey)
  return {
    endpoint,
    locationOf: (path, front) => `s3://dumps/${path}?endpoint=${front}&secret=secret`,
    async unfinished() {
      const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket: 'dumps' }))
      return Uploads.map(({ Key = '' }) => Key)
    },
  }
}

async function azurite(t: Test): Promise<Store> {
  const server = await startAzurite()
  t.teardown(() => server.stop())
  const service = new BlobServiceClient(server.endpoint, new StorageSharedKeyCredential(server.account, server.key))
  const container = service.getContainerClient('dumps')
  await container.create()
  keep('AZURE_STORAGE_KEY', server.key)
  const { pathname } = new URL(server.endpoint)
  return {
    endpoint: server.endpoint,
    locationOf: (path, front) => `azblob://${server.account}/dumps/${path}?endpoint=${front}${pathname}&secret=secret`,
    async unfinished() {
      const names = async (includeUncommitedBlobs: boolean) => {
        const found: string[] = []
        for await (const { name } of container.listBlobsFlat({ includeUncommitedBlobs })) found.push(name)
        return found
      }
      const whole = await names(false)
      return (await names(true)).filter((name) => !whole.includes(name))
    },
  }
}

/** One backup, of as many workers as are started, to a place of its own. */
async function backupTo(t: Test, store: Store, name: string, retries: number) {
  let left = Infinity
  /** Counts a write, which is the first that is not made where it says so. */
  const dies = () => (left -= 1) <= 0
  const records: string[] = []
  let last = ''
  const underWay = new Set<IncomingMessage>()
  const refuse = ({ method = '', url = '' }: IncomingMessage) => {
    const isWrite = ['PUT', 'POST', 'DELETE'].includes(method)
    // Nobody refuses so: what matters is that it is not tried again.
    if (left <= 0 || (isWrite && dies())) return { status: 403, code: 'AccessDenied', message: 'dead' }
    if (isWrite) last = url.split('?')[0] ?? ''
    if (isWrite && last.endsWith('/record.json') && method === 'PUT') records.push(last)
    return undefined
  }
  const front = await serviceInFront(t, store.endpoint, refuse, undefined, underWay)
  const to = store.locationOf(name, front)
  const server = await startLedger()
  t.teardown(() => server.stop())
  const cluster = inMemoryCluster([server.pod])
  const { writeJournal, writeRecord } = cluster
  const living = () => {
    if (left <= 0 || dies()) throw new Error('killed')
  }
  cluster.writeJournal = async (...given) => {
    living()
    await writeJournal(...given)
  }
  cluster.writeRecord = async (...given) => {
    living()
    await writeRecord(...given)
  }
  const { kind: _, target, ...common } = pauseRequest()
  const request: RequestOf<'backup'> = {
    ...common,
    kind: 'backup',
    operation: 'backup-nightly',
    target: {
      ...target,
      releases: [{ name: 'my-ledger', app: 'ledger', properties: { file: properties, envPrefix: '' } }],
    },
    pauseMode: 'always',
    schemas: [],
    retries,
    parallel: 2,
    to,
  }
  return {
    to,
    cluster,
    /** what was put as the backup's record, and what was written last */
    written: () => ({ records, last }),
    /** @returns its exit code, undefined where it died */
    async run(writes: number) {
      left = writes
      const code = await work(request, { cluster, events: jsonLineEvents(() => undefined), signal }).catch(
        () => undefined,
      )
      const lived = left > 0
      // A successor starts seconds later.
      while (underWay.size > 0) await sleep(10)
      left = Infinity
      return lived ? code : undefined
    },
    async files() {
      const found: string[] = []
      for await (const { path } of openStorage(parseLocation(to)).list('')) found.push(path)
      return found
    },
    /** deletes the backup by the place that its record tells of; undefined where it tells of none */
    async deleted() {
      const { location } = cluster.recordsByName.get(request.operation)?.backup ?? {}
      if (location === undefined) return undefined
      cluster.job = { phase: 'failed' }
      const { pause: _, ...rest } = common
      const more = { kind: 'delete' as const, operation: 'delete-nightly', backup: request.operation, location }
      const deletion: RequestOf<'delete'> = { ...rest, target: { ...target, releases: [] }, ...more }
      return await work(deletion, { cluster, events: jsonLineEvents(() => undefined), signal })
    },
  }
}

/** @param from the first write that a worker is killed at */
async function killedInTurn(t: Test, store: Store, from: number): Promise<void> {
  const whole = await backupTo(t, store, 'whole', 0)
  t.equal(await whole.run(Infinity), 0)
  const expected = await whole.files()
  t.ok(expected.includes('nightly/record.json') && expected.length > 10, `${expected.length} files`)
  /** @returns whether the first worker lived */
  const killedAt = async (write: number): Promise<boolean> => {
    const retries = Math.floor(write / killsApart) % 2
    const backup = await backupTo(t, store, `killed-${write}`, retries)
    const first = await backup.run(write)
    const code = first ?? (await backup.run(Infinity))
    const told = `killed at write ${write}, ${retries} retries`
    const record = backup.cluster.recordsByName.get('backup-nightly')
    if (code === 0) {
      t.equal(record?.backup?.state, 'restorable', told)
      t.strictSame(await backup.files(), expected, told)
      const { records, last } = backup.written()
      t.equal(records.length, 1, `${told}: the record is written once`)
      t.equal(last, records[0], `${told}: and last`)
      for (const { folder = '', title, details } of record?.backup?.databases ?? []) {
        const seal = { sha256: String(details['manifestSha256']) }
        await verifyDump(openStorage(parseLocation(backup.to)), folder, title, seal, signal)
      }
    } else {
      t.strictSame([code, retries], [3, 0], `${told}: its snapshot was lost`)
      t.equal(record?.backup?.state, 'unusable', told)
      t.strictSame(await backup.files(), [], `${told}: nothing is left`)
    }
    return first !== undefined
  }
  let write = from
  for (let lived = false; !lived; write += 4 * killsApart)
    lived = (await Promise.all([0, 1, 2, 3].map((more) => killedAt(write + more * killsApart)))).includes(true)
  t.ok(write > 40, `there are many writes, about ${write}`)
  t.strictSame(await store.unfinished(), [], 'nothing unfinished is left behind')
}

/** No successor comes: the Job has failed for good, or is gone. */
async function killedForGood(t: Test, store: Store): Promise<void> {
  let written = 0
  let begun = 0
  /** @returns whether the worker lived */
  const killedAt = async (write: number): Promise<boolean> => {
    const backup = await backupTo(t, store, `forgotten-${write}`, 0)
    if ((await backup.run(write)) !== undefined) return true
    const files = await backup.files()
    begun += (await store.unfinished()).filter((name) => name.startsWith(`forgotten-${write}/`)).length
    const code = await backup.deleted()
    // Until then a trial of the storage may be there, or a claim of some bytes.
    if (code === undefined) return t.ok(files.length <= 1, `killed at write ${write}: ${files.join(', ')}`) && false
    written += files.length
    t.equal(code, 0, `killed at write ${write}`)
    t.strictSame(await backup.files(), [], `killed at write ${write}`)
    return false
  }
  for (let write = 1, lived = false; !lived; write += 4 * killsApart)
    lived = (await Promise.all([0, 1, 2, 3].map((more) => killedAt(write + more * killsApart)))).includes(true)
  t.ok(written > 10, `${written} files were there`)
  // Which few of the writes are an upload's differs from run to run.
  if (killsApart === 1) t.ok(begun > 0, `${begun} unfinished ones were there`)
  t.strictSame(await store.unfinished(), [], 'nothing unfinished is left behind')
}

t.test(
  'killed for good, a backup in S3 is deleted with all that was written of it',
  { skip: hasGo() ? false : 'there is no go to compile a server with' },
  async (t) => killedForGood(t, await versitygw(t)),
)

// How a deletion finds what to remove is the same for both.
if (killsApart === 1)
  t.test('so is one in Azure that was killed for good', async (t) => killedForGood(t, await azurite(t)))

t.test(
  'killed at any write and run again, a backup in S3 is whole or gone',
  { skip: hasGo() ? false : 'there is no go to compile a server with' },
  async (t) => killedInTurn(t, await versitygw(t), 1),
)

t.test('so is one in Azure', async (t) => killedInTurn(t, await azurite(t), killsApart === 1 ? 1 : 3))
