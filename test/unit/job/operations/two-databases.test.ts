import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectLegalHoldCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { WorkerEvent } from '../../../../operation/event.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { mounts, type OperationRequest } from '../../../../operation/request.ts'
import { startMysql } from '../../../stand-ins/mysql/local-server.ts'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { hasGo, startVersitygw } from '../../../stand-ins/versitygw/versitygw.ts'
import { twoDatabases, type Ground } from './two-databases.ts'

// Whole operations over databases of two kinds, on real servers: one window, one record, one point or none.

const [mysql, postgresql] = await Promise.all([startMysql(), startPostgresql()])
t.teardown(() => Promise.all([mysql.stop(), postgresql.stop()]))
process.env['PATH'] = `${postgresql.tools}:${process.env['PATH'] ?? ''}`
// The claim and the Secrets, as the kubelet would mount them.
const volume = t.testdir()
const onVolume: Ground = { mysql, postgresql, to: (scene) => `pvc://backups/${scene}` }
const storageSecrets = mkdtempSync(join(tmpdir(), 'secrets-'))
t.teardown(() => rmSync(storageSecrets, { recursive: true }))
Object.assign(mounts, { volume, targetVolume: volume, storageSecrets, identity: join(storageSecrets, 'the-identity') })
mkdirSync(mounts.identity)

for (const layout of ['one release with two storages', 'two releases'] as const) {
  t.test(`${layout}: one window, one record, and one restore that brings both to its point`, async (t) => {
    const s = await twoDatabases(t, layout, onVolume)
    const stop = new AbortController()
    const writing = (async () => {
      for (let id = 1; !stop.signal.aborted; id += 1) await s.pair(id)
    })()
    t.equal(await s.run(s.backup), 0)
    stop.abort()
    await writing

    t.equal(s.cluster.recordsByName.size, 1)
    const taken = s.cluster.recordsByName.get('backup-both')
    t.match(taken, { windows: { length: 1 }, backup: { state: 'restorable', databases: { length: 2 } } })
    const [window] = taken?.windows ?? []
    t.equal(window?.verdict, 'valid')
    t.strictSame(taken?.backup?.databases.map(({ kind }) => kind).sort(), ['mysql', 'postgresql'])
    for (const { title, snapshotAt = '' } of taken?.backup?.databases ?? []) {
      t.ok(snapshotAt >= (window?.allPausedAt ?? 'none'), `${title} was read after all were paused`)
      t.ok(snapshotAt <= (window?.unpauseSentAt ?? ''), `${title} was read before one was unpaused`)
    }
    const [later] = await s.pairs()

    t.equal(await s.run(s.restore), 0)
    const [first, second] = await s.pairs()
    t.ok(first.length > 0 && first.length < later.length, 'the point lies amid the writing')
    t.strictSame(first, second, 'both have the same requests')
    t.match(s.cluster.recordsByName.get('restore-both'), {
      state: 'succeeded',
      restore: { serving: 'restored', databases: { length: 2 } },
    })
    t.ok([...s.replicas.values()].every((count) => count === 1))
  })
}

const layouts = { mysql: 'two releases', postgresql: 'one release with two storages' } as const
for (const kind of ['mysql', 'postgresql'] as const) {
  t.test(`where ${kind} cannot be loaded, neither database is switched (${layouts[kind]})`, async (t) => {
    const s = await twoDatabases(t, layouts[kind], onVolume)
    await s.pair(1)
    t.equal(await s.run(s.backup), 0)
    await s.pair(2)
    const [content, names] = [await s.content(), await s.names()]

    const phases: string[] = []
    const damage = ({ code, message }: WorkerEvent) => {
      if (code !== 'phase') return
      phases.push(message)
      if (message === 'load') flipLast(join(volume, s.suffix, 'both'), kind)
    }
    t.equal(await s.run(s.restore, damage), 1)
    t.ok(phases.includes('verify') && phases.includes('load'), 'it was whole when it was verified')
    t.notOk(phases.includes('switch'), 'nothing is switched')
    t.strictSame(await s.content(), content)
    t.strictSame(await s.names(), names, 'nothing is left beside them')
    t.match(s.cluster.recordsByName.get('restore-both'), {
      state: 'failed',
      // MySQL's rows end within their compression, whose own check comes before the hash's.
      failure: { what: /^the backup of .* is damaged$/, why: /has changed since the backup|cannot be decompressed/ },
      restore: { serving: 'previous' },
    })
    t.ok([...s.replicas.values()].every((count) => count === 1))
  })
}

t.test('where the database of one of two releases cannot be switched, neither is', async (t) => {
  const s = await twoDatabases(t, 'two releases', onVolume)
  await s.pair(1)
  t.equal(await s.run(s.backup), 0)
  await s.pair(2)
  const content = await s.content()
  const user = await mysql.connect()
  t.teardown(() => user.end())
  await user.query(`BEGIN; INSERT INTO scalar${s.suffix}.pair VALUES (3)`)
  t.equal(await s.run(s.restore), 1)
  await user.query('ROLLBACK')
  t.strictSame(await s.content(), content)
  const failed = s.cluster.recordsByName.get('restore-both')
  t.match(failed, { state: 'failed', restore: { serving: 'previous' }, failure: { why: /transaction of another/ } })
  t.ok(
    failed?.phases.some(({ name }) => name === 'switch'),
    'both were loaded',
  )
  t.ok([...s.replicas.values()].every((count) => count === 1))
})

t.test('speed and encryption are those of the request, and a lost key shows before it is needed', async (t) => {
  const s = await twoDatabases(t, 'two releases', onVolume)
  const identity = await generateX25519Identity()
  const recipients = [await identityToRecipient(identity)]
  const encryption = { recipients, secrets: [] }
  const doctor = (operation: string) => {
    const { parallel: _, pause: __, ...core } = s.common
    return s.run({ ...core, kind: 'doctor', operation, schemas: [], to: s.backup.to, encryption })
  }
  const about = (operation: string) =>
    s.cluster.recordsByName.get(operation)?.findings.filter(({ check }) => check === 'encryption')
  t.equal(await doctor('doctor-untried'), 0)
  t.match(about('doctor-untried'), [{ outcome: 'warning', cure: /--decrypt-secret/ }])
  const file = join(mounts.identity, 'identity')
  t.teardown(() => rmSync(file, { force: true }))
  writeFileSync(file, await generateX25519Identity())
  t.equal(await doctor('doctor-wrong'), 1)
  t.match(about('doctor-wrong'), [{ outcome: 'error', message: /opens nothing/ }])
  writeFileSync(file, identity)
  t.equal(await doctor('doctor-right'), 0)
  t.match(about('doctor-right'), [{ outcome: 'ok' }])

  const heard: string[] = []
  const plain = { ...s.backup, compressionLevel: 9, encryption }
  t.equal(await s.run(plain, ({ message }) => void heard.push(message)), 0)
  const lostWith = new RegExp(`once all are lost, so is the backup: ${recipients.join('')}`)
  t.ok(
    heard.some((message) => lostWith.test(message)),
    'whoever makes the backup is told whose key it needs',
  )
  const { databases = [] } = s.cluster.recordsByName.get('backup-both')?.backup ?? {}
  t.match(
    databases.find(({ kind }) => kind === 'postgresql')?.details,
    { compression: 'zstd:9' },
    'and compressed as hard as was asked for',
  )

  const bytes = databases.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0)
  const bytesPerSecond = Math.ceil(bytes / 60)
  /** @returns 143 where the phase is under way some seconds after it has begun, and then told to stop */
  const stillAt = async (phase: string, request: OperationRequest) => {
    const stop = new AbortController()
    const hear = ({ code, message }: WorkerEvent) => {
      if (code === 'phase' && message === phase) setTimeout(() => stop.abort(new Interrupted('SIGTERM')), 5_000)
    }
    return await s.run(request, hear, stop.signal)
  }
  t.equal(await stillAt('dump', { ...plain, operation: 'backup-slow', bytesPerSecond }), 143, `${bytesPerSecond} B/s`)
  const from = `${s.backup.to}/both`
  const copy = { ...s.common, kind: 'copy' as const, operation: 'copy-slow', backup: 'backup-both', from }
  t.equal(await stillAt('copy', { ...copy, to: `pvc://second/${s.suffix}-copy`, bytesPerSecond }), 143)
  t.equal(await stillAt('verify', { ...s.restore, bytesPerSecond }), 143)
})

if (!hasGo()) t.test('S3', { skip: 'there is no go to compile a server with' }, (t) => t.end())
else
  t.test('to S3 and back', async (t) => {
    const server = await startVersitygw()
    t.teardown(() => server.stop())
    const { endpoint } = server
    const admin = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: server })
    t.teardown(() => admin.destroy())
    const Bucket = 'dumps'
    await admin.send(new CreateBucketCommand({ Bucket }))
    secret('dumps', server)
    const locationOf = (path: string, { bucket = Bucket, name = 'dumps' } = {}) =>
      `s3://${bucket}/${path}?endpoint=${endpoint}&secret=${name}`
    const onS3: Ground = { mysql, postgresql, to: (scene) => locationOf(`all/${scene}`) }
    const keys = async () => {
      const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket }))
      const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket }))
      t.strictSame(Uploads, [], 'no upload is left behind')
      return Contents.map(({ Key }) => Key ?? '')
    }

    await t.test('it is found there, copied, deleted, and restored from the copy in another cluster', async (t) => {
      const s = await twoDatabases(t, 'two releases', onS3)
      await s.pair(1)
      const content = await s.content()
      const identity = await generateX25519Identity()
      const recipients = [await identityToRecipient(identity)]
      t.equal(await s.run({ ...s.backup, encryption: { recipients, secrets: [] } }), 0)
      const taken = s.cluster.recordsByName.get('backup-both')
      const encryption = { format: 'age', recipients }
      t.match(taken, { windows: [{ verdict: 'valid' }], backup: { state: 'restorable', encryption } })
      const [folder, at] = [locationOf(`all/${s.suffix}`), locationOf(`all/${s.suffix}/both`)]
      t.equal(taken?.backup?.location, at)
      await s.pair(2)

      const stray = `all/${s.suffix}/stray/record.json`
      await admin.send(new PutObjectCommand({ Bucket, Key: stray, Body: 'not a record' }))
      t.equal(await s.run({ ...s.common, kind: 'list', operation: 'list-all', from: folder }), 0)
      const { found = [] } = s.cluster.recordsByName.get('list-all') ?? {}
      t.match(found, [{ operation: 'backup-both', backup: { location: at, state: 'restorable' } }])
      t.equal(found.length, 1, 'what is no backup is left out')

      const to = `pvc://second/${s.suffix}`
      const of = { ...s.common, backup: 'backup-both' }
      const copy = { ...of, kind: 'copy' as const, operation: 'copy-both', from: at, to }
      const stop = new AbortController()
      const ended = s.run(
        copy,
        ({ message }) => void (message === 'copy' && stop.abort(new Interrupted('SIGTERM'))),
        stop.signal,
      )
      t.equal(await ended, 143)
      t.equal(s.cluster.recordsByName.get('backup-both')?.backup?.copies, undefined, 'a half is no copy')
      t.equal(await s.run({ ...s.common, kind: 'import', operation: 'import-half', from: `${to}/both` }), 1)
      writeFileSync(join(volume, s.suffix, 'both', '.rows.12345678.partial'), 'of a worker that was killed')
      t.equal(await s.run(copy), 0)
      t.strictSame(globSync('**/.*', { cwd: join(volume, s.suffix) }), [], 'nothing unfinished stays')
      t.strictSame(s.cluster.recordsByName.get('backup-both')?.backup?.copies, [`${to}/both`])
      t.equal(await s.run({ ...of, kind: 'copy', operation: 'copy-again', from: at, to }), 1)
      const refused = s.cluster.recordsByName.get('copy-again')
      t.match(refused, { failure: { why: /holds another backup of that name/ } })

      t.equal(await s.run({ ...of, kind: 'delete', operation: 'delete-both', location: at }), 0)
      t.strictSame(await keys(), [stray])

      s.cluster.recordsByName.clear()
      t.equal(await s.run({ ...s.common, kind: 'import', operation: 'import-both', from: `${to}/both` }), 0)
      const now = await s.content()
      t.equal(await s.run({ ...s.restore, operation: 'restore-without-key' }), 1)
      const { failure, phases } = s.cluster.recordsByName.get('restore-without-key') ?? {}
      t.match(failure, { why: new RegExp(recipients.join('')), next: /--decrypt-secret/ })
      t.strictSame(phases, [], 'nothing is begun')
      t.strictSame(await s.content(), now)
      writeFileSync(join(mounts.identity, 'identity'), `# a comment\n${identity}\n`)
      t.teardown(() => rmSync(join(mounts.identity, 'identity')))
      t.equal(await s.run(s.restore), 0)
      t.strictSame(await s.content(), content)

      flipLast(join(volume, s.suffix, 'both'), 'mysql')
      const back = { ...of, kind: 'copy' as const, operation: 'copy-back', from: `${to}/both`, to: folder }
      t.equal(await s.run(back), 1)
      t.match(s.cluster.recordsByName.get('copy-back'), { failure: { what: /is damaged/ } })
      t.strictSame(await keys(), [stray], 'nothing stays of a copy that failed')
    })

    await t.test('what a legal hold keeps is not deleted, and no half of it either', async (t) => {
      const held = { Bucket: 'held' }
      await admin.send(new CreateBucketCommand({ ...held, ObjectLockEnabledForBucket: true }))
      const to = (scene: string) => locationOf(scene, { bucket: 'held' })
      const s = await twoDatabases(t, 'two releases', { mysql, postgresql, to })
      t.equal(await s.run(s.backup), 0)
      const { Contents = [] } = await admin.send(new ListObjectsV2Command(held))
      const [{ Key } = {}] = Contents.filter(({ Key = '' }) => Key.includes('/rows/'))
      await admin.send(new PutObjectLegalHoldCommand({ ...held, Key, LegalHold: { Status: 'ON' } }))
      const location = `${to(s.suffix).replace('?', '/both?')}`
      const deletion = { ...s.common, kind: 'delete' as const, backup: 'backup-both', location }
      t.equal(await s.run({ ...deletion, operation: 'delete-held' }), 1)
      t.match(s.cluster.recordsByName.get('delete-held'), { failure: { why: /holds 1 of its files by a legal hold/ } })
      t.equal((await admin.send(new ListObjectsV2Command(held))).Contents?.length, Contents.length)
      const { databases = [] } = s.cluster.recordsByName.get('backup-both')?.backup ?? {}
      t.strictSame(
        databases.map(({ standing }) => standing),
        [undefined, undefined],
        'it can be restored as before',
      )
      await admin.send(new PutObjectLegalHoldCommand({ ...held, Key, LegalHold: { Status: 'OFF' } }))
      t.equal(await s.run({ ...deletion, operation: 'delete-free' }), 0)
      t.equal((await admin.send(new ListObjectsV2Command(held))).Contents, undefined)
    })

    await t.test('another backup of the same name is refused, and the first stays', async (t) => {
      const s = await twoDatabases(t, 'two releases', onS3)
      t.equal(await s.run(s.backup), 0)
      const before = await keys()
      s.cluster.recordsByName.clear()
      s.cluster.journals.clear()
      t.equal(await s.run({ ...s.backup, createdAt: '2026-11-22T00:00:00.000Z' }), 1)
      const refused = s.cluster.recordsByName.get('backup-both')
      t.match(refused, { windows: { length: 0 }, failure: { why: /another backup of that name/, next: /import 's3:/ } })
      t.strictSame(await keys(), before)
    })

    await t.test('what would fail later is refused before anything is paused', async (t) => {
      await server.addUser('reader', 'secret-of-the-reader')
      const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`]
      const Action = ['s3:GetObject', 's3:ListBucket']
      const Policy = { Effect: 'Allow', Principal: { AWS: ['reader'] }, Action, Resource }
      const policy = JSON.stringify({ Version: '2012-10-17', Statement: [Policy] })
      await admin.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }))
      secret('wrong', { ...server, secretAccessKey: 'wrong' })
      secret('reader', { accessKeyId: 'reader', secretAccessKey: 'secret-of-the-reader' })
      const s = await twoDatabases(t, 'two releases', onS3)
      const before = await keys()
      const cases = [
        { to: locationOf('x', { name: 'wrong' }), why: /access key or its secret/, next: /check the Secret/ },
        { to: locationOf('x', { name: 'reader' }), why: /may not do that/, next: /docs\/storage.md/ },
        { to: locationOf('x', { name: 'absent' }), why: /AWS_ACCESS_KEY_ID/, next: /give it both/ },
        { to: locationOf('x', { bucket: 'missing' }), why: /no such bucket/, next: /create the bucket/ },
      ]
      for (const [index, { to, ...failure }] of cases.entries()) {
        const operation = `backup-refused-${index}`
        t.equal(await s.run({ ...s.backup, operation, to }), 1)
        t.match(s.cluster.recordsByName.get(operation), { windows: { length: 0 }, state: 'failed', failure })
      }
      t.strictSame(await keys(), before, 'nothing was written')
    })
  })

/** A Secret as the kubelet mounts it. */
function secret(
  name: string,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
): void {
  mkdirSync(join(storageSecrets, name))
  writeFileSync(join(storageSecrets, name, 'AWS_ACCESS_KEY_ID'), accessKeyId)
  writeFileSync(join(storageSecrets, name, 'AWS_SECRET_ACCESS_KEY'), secretAccessKey)
}

/** Changes the last byte of the largest file of one database's dump. */
function flipLast(backup: string, kind: string): void {
  const files = globSync(`${backup}/${kind}-*/**`).filter((path) => statSync(path).isFile() && !/manifest/.test(path))
  const [largest = ''] = files.sort((a, b) => statSync(b).size - statSync(a).size)
  const bytes = readFileSync(largest)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  writeFileSync(largest, bytes)
}
