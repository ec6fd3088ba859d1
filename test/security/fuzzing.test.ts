import { createHash, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { resolve } from 'node:path'
import { compose, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import t, { type Test } from 'tap'
import { readDetails as readCassandra } from '../../job/databases/cassandra/details.ts'
import { readDetails as readCosmos } from '../../job/databases/cosmos/details.ts'
import { formatManifest, readManifest, readOwner, type Manifest } from '../../job/databases/dump/manifest.ts'
import { parseJdbcUrl as parseMysqlUrl } from '../../job/databases/mysql/jdbc-url.ts'
import { parseJdbcUrl } from '../../job/databases/postgresql/jdbc-url.ts'
import { doubtsOf } from '../../job/context/left-behind.ts'
import { signed } from '../../job/context/signing.ts'
import { decrypting, encrypting, NotDecrypted } from '../../job/encryption/age.ts'
import { admitGuards } from '../../job/guard/in-worker/admission.ts'
import type { GuardPods } from '../../job/guard/in-worker/guard-pods.ts'
import { openLink } from '../../job/guard/protocol/link.ts'
import { connectWithKey } from '../../job/guard/protocol/operation-key.ts'
import { guardMessageSchema, workerMessageSchema } from '../../job/guard/protocol/messages.ts'
import { readProperties, resolve as resolveValue } from '../../job/scalardb/properties.ts'
import type { Storage } from '../../job/storage/storage.ts'
import { parseEvent } from '../../operation/event.ts'
import { Failure } from '../../operation/failure.ts'
import { journalSchema } from '../../operation/journal.ts'
import { parseLocation } from '../../operation/location.ts'
import { parseRecord } from '../../operation/record.ts'
import { fingerprintOf } from '../../operation/signature/signature.ts'
import { signedText } from '../../operation/signature/signed-text.ts'
import { isTrusted } from '../../operation/signature/trust.ts'
import { parseRequest } from '../../operation/request.ts'
import { describeRecord } from '../../plugin/commands/describe/describe-record.ts'
import { eventLine } from '../../plugin/commands/logs/event-line.ts'
import { freePort } from '../stand-ins/free-port.ts'
import { key } from '../unit/job/guard/two-pods.ts'
import { cassandraEntry, cosmosEntry, laterRecord } from './later-records.ts'

/** For each kind of input; FUZZ_SECONDS gives another. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 1)
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

/** Numbers that look random and come again with the same seed (mulberry32). */
function numbers(from: number): (below: number) => number {
  let state = from
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const scraps = [
  '\u0000',
  '\u001b[2J',
  '\n',
  '\r\n',
  '\\',
  '\\u',
  '\\u12',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '//',
  '?',
  '&',
  '=',
  '%',
  '%0',
  '%ff',
  '..',
  '../',
  '${env:',
  '${',
  '}}',
  '{{',
  '{{ .Env.',
  '{{ default .Env.A "',
  '#',
  '!',
  '\ud800',
  '\u202e',
  '😀',
  '1e999',
  '-0',
  '9'.repeat(400),
  'null',
  'true',
  '__proto__',
  'constructor',
  '"__proto__":{"a":1},',
  'a'.repeat(5000),
  '['.repeat(5000),
  ' '.repeat(5000),
] as const

/** A text of the corpus with some of it taken out, doubled, exchanged or replaced by a scrap. */
function mutated(corpus: readonly string[], next: (below: number) => number): string {
  let text = corpus[next(corpus.length)] ?? ''
  for (let times = 1 + next(6); times > 0; times -= 1) {
    const from = next(text.length + 1)
    const to = from + next(Math.min(40, text.length - from + 1))
    const other = corpus[next(corpus.length)] ?? ''
    const between = [
      '',
      scraps[next(scraps.length)] ?? '',
      text.slice(from, to).repeat(2),
      String.fromCharCode(next(0x10000)),
      other.slice(next(other.length + 1)).slice(0, 30),
    ][next(5)]
    text = text.slice(0, from) + (between ?? '') + text.slice(to)
  }
  return text
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The least that is tried, however slow the machine is. */
const leastTried = 200

/** Feeds mutations for the budget. @param take throws nothing but Failures, and needs no second of a processor */
function fuzz(t: Test, corpus: readonly string[], take: (text: string) => unknown): void {
  const next = numbers(seed)
  const untilMs = performance.now() + seconds * 1000
  let tried = 0
  while (tried < leastTried || performance.now() < untilMs) {
    const text = mutated(corpus, next)
    const before = process.cpuUsage()
    try {
      take(text)
    } catch (error) {
      if (!(error instanceof Failure)) throw new Error(`seed ${seed}: ${JSON.stringify(text)}`, { cause: error })
    }
    const ms = process.cpuUsage(before).user / 1000
    if (ms > 1000) throw new Error(`seed ${seed}: ${Math.round(ms)} ms for ${JSON.stringify(text.slice(0, 200))}`)
    tried += 1
  }
  t.comment(`${tried} tried`)
  t.equal(Reflect.get({}, 'a'), undefined, 'no prototype was changed')
}

const records = ['backup-postgresql', 'backup-dynamodb', 'restore-beside', 'pause-done'].map((name) =>
  readFileSync(resolve(import.meta.dirname, `../unit/records-of-0.1/${name}.record.json`), 'utf8'),
)

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signing = { privateKey, trusted: [fingerprintOf(publicKey)] }

t.test('records: no mutation of one is vouched for, and each can be described', (t) => {
  const good = { ...laterRecord, backup: signed(laterRecord, signing) }
  t.equal(isTrusted(good, { keys: signing.trusted, records: [] }), true)
  const request = { operation: 'backup-nightly', createdAt: laterRecord.createdAt, kind: 'backup' as const }
  fuzz(t, [...records, JSON.stringify(good)], (text) => {
    const record = parseRecord(text, 'a record')
    if (isTrusted(record, { keys: signing.trusted, records: [] }) && signedText(record) !== signedText(good))
      throw new Error('what was not signed is trusted')
    if (doubtsOf({ record, journal: undefined }, request, signing).record === undefined)
      throw new Error('it is gone by')
    describeRecord(record, [])
  })
  t.end()
})

t.test('journals', (t) => {
  const steps = [
    { name: 'worker 1', startedAt: 'now', finishedAt: 'now', noted: null, result: { version: '1', table: ['a'] } },
  ]
  const journal = { version: 1, operation: 'restore-x', steps, signature: laterRecord.handover }
  const request = { operation: 'restore-x', createdAt: 'now', kind: 'restore' as const }
  fuzz(t, [JSON.stringify(journal)], (text) => {
    const read = journalSchema.safeParse(jsonOf(text)).data
    if (read !== undefined && doubtsOf({ record: undefined, journal: read }, request, signing).journal === undefined)
      throw new Error('it is gone by')
  })
  t.end()
})

t.test('what Cosmos DB and Cassandra keep in a record', (t) => {
  const readers = { cosmos: readCosmos, cassandra: readCassandra }
  for (const entry of [cosmosEntry, cassandraEntry]) {
    const read = readers[entry.kind as keyof typeof readers]
    t.ok(read(entry), entry.kind)
    fuzz(t, [JSON.stringify(entry.details)], (text) => {
      const details = jsonOf(text)
      if (typeof details === 'object' && details !== null) read({ ...entry, details: details as typeof entry.details })
    })
  }
  t.end()
})

t.test('encrypted dumps: what was changed is never taken for what was encrypted', async (t) => {
  const identity = await generateX25519Identity()
  const recipient = await identityToRecipient(identity)
  const plain = 'INSERT INTO asset VALUES (1);\n'.repeat(20)
  const encrypted = await buffer(Readable.from([Buffer.from(plain)]).pipe(encrypting([recipient])))
  t.equal((await buffer(Readable.from([encrypted]).pipe(decrypting([identity])))).toString(), plain)
  const corpus = encrypted.toString('latin1')
  const next = numbers(seed)
  const untilMs = performance.now() + seconds * 1000
  let tried = 0
  for (; tried < 50 || performance.now() < untilMs; tried += 1) {
    const bytes = Buffer.from(mutated([corpus], next), 'latin1')
    // The two streams end together: an error of the second is the one that is told.
    const read = await buffer(compose(Readable.from([bytes]), decrypting([identity]))).catch((error: unknown) => error)
    if (read instanceof Error && !(read instanceof NotDecrypted))
      throw new Error(`seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: read })
    if (Buffer.isBuffer(read) && read.toString() !== plain) t.fail(`seed ${seed}: other content was let through`)
  }
  t.comment(`${tried} tried`)
})

t.test('manifests of dumps', async (t) => {
  const of = { operation: 'backup-nightly', database: 'jdbc:postgresql://db/ledger' }
  const { text } = formatManifest(of, [{ path: 'data/1.dat', bytes: 1, sha256: 'a'.repeat(64) }])
  const next = numbers(seed)
  const untilMs = performance.now() + seconds * 1000
  for (let tried = 0; performance.now() < untilMs; tried += 1) {
    const bytes = Buffer.from(tried === 0 ? text : mutated([text], next))
    const storage = { read: async () => Readable.from([bytes]) } as unknown as Storage
    const owner = await readOwner(storage, 'folder')
    if (tried === 0) t.equal(owner?.operation, of.operation)
    const seal = { sha256: createHash('sha256').update(bytes).digest('hex') }
    const read: unknown = await readManifest(storage, 'folder', 'a database', seal).catch((error: unknown) => error)
    if (read instanceof Error && !(read instanceof Failure)) throw read
    if (!(read instanceof Error))
      for (const file of (read as Manifest).files)
        if (/(^|\/)\.\.?(\/|$)|^\/|\0/.test(file.path)) t.fail(`${file.path} leaves the folder`)
  }
})

t.test('locations', (t) => {
  const corpus = [
    'pvc://backups/ledger/nightly',
    'pvc://b',
    's3://bucket/a/b?endpoint=https://s3.example:9000&secret=s&region=r',
    'azblob://account/container/a?endpoint=http://127.0.0.1:1&secret=s',
  ]
  fuzz(t, corpus, parseLocation)
  t.end()
})

t.test('properties, and the values in them', (t) => {
  const corpus = [
    'scalar.db.storage=jdbc\nscalar.db.contact_points=jdbc:postgresql://db:5432/ledger?sslmode=require\nscalar.db.username=${env:USER}\n',
    'scalar.db.password={{ default .Env.PASSWORD "x\\"y" }}\nscalar.db.multi_storage.storages=a,b\n' +
      '# c\n! d\nkey : va\\\n  lue\n',
  ]
  fuzz(t, corpus, (text) => {
    for (const [key, value] of readProperties(text, () => 'secret')) resolveValue(key, value, () => 'secret')
  })
  t.end()
})

t.test('JDBC URLs', (t) => {
  const corpus = [
    'jdbc:postgresql://db.example:5432,[::1]:5433/ledger?user=u&password=p%20q&sslmode=verify-full&sslrootcert=/a',
    'jdbc:postgresql:ledger',
    'jdbc:postgresql:///?ssl=true',
  ]
  fuzz(t, corpus, parseJdbcUrl)
  t.end()
})

t.test('JDBC URLs of MySQL and MariaDB', (t) => {
  const corpus = [
    'jdbc:mysql://db.example:3306,[::1]:3307/ledger?user=u&password=p%20q&sslMode=verify-full&serverSslCert=/a',
    'jdbc:mariadb:sequential://a,b/?sslMode=trust',
    'jdbc:mysql:///',
  ]
  fuzz(t, corpus, parseMysqlUrl)
  t.end()
})

t.test("events of a worker's log, and how they are shown", (t) => {
  const corpus = [
    JSON.stringify({
      seq: 1,
      time: '2026-11-21T00:00:00Z',
      level: 'info',
      code: 'phase',
      message: 'm',
      data: { name: 'n' },
    }),
    'a tool said this',
  ]
  fuzz(t, corpus, (text) => {
    const event = parseEvent(text)
    if (event !== undefined) eventLine(event, (_, shown) => shown)
  })
  t.end()
})

t.test("what the guard's protocol and the request are read with", (t) => {
  const hold = { pause: 1, servers: [{ address: 'a:1', uid: 'u' }], restarts: { u: 0 }, releases: ['r'] }
  const corpus = [
    { say: 'hello', uid: 'u', pod: 'p', node: 'n', run: 'r' },
    { say: 'unpaused', pause: 1, addresses: ['a:1'] },
    { say: 'hold', hold },
    { say: 'begin', pause: 1, restMs: 5 },
  ].map((message) => JSON.stringify(message))
  fuzz(t, corpus, (text) => {
    const message = jsonOf(text)
    if (message === undefined) return
    guardMessageSchema.safeParse(message)
    workerMessageSchema.safeParse(message)
    parseRequest(text)
  })
  t.end()
})

t.test('a connection that is fed garbage ends, and the next one is heard', async (t) => {
  const port = await freePort()
  const heard: unknown[] = []
  const server = createServer((socket) => {
    openLink(socket, guardMessageSchema, { received: (message) => heard.push(message), closed: () => undefined })
  })
  await new Promise<void>((resolve) => void server.listen(port, resolve))
  t.teardown(() => server.close())
  const next = numbers(seed)
  const good = JSON.stringify({ say: 'echo', number: 1 })
  const untilMs = performance.now() + seconds * 1000
  let tried = 0
  while (tried < 20 || performance.now() < untilMs) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end(`${mutated([good], next)}\n`)
    await closed
    tried += 1
  }
  const before = heard.length
  const socket = connect(port, '127.0.0.1')
  socket.end(`${good}\n`)
  await new Promise((resolve) => socket.once('close', resolve))
  t.equal(heard.length, before + 1)
  t.comment(`${tried} connections`)
})

t.test('what comes before the key is proven is dropped, and a guard with the key is admitted after it', async (t) => {
  const port = await freePort()
  let strangers = 0
  const { promise, resolve: admitted } = Promise.withResolvers<boolean>()
  const door = admitGuards({
    port,
    key,
    pods: { speakFrom: () => true } as unknown as GuardPods,
    admitted(socket) {
      socket.once('data', (text: Buffer) => admitted(text.toString() === 'guard'))
    },
    refused: () => (strangers += 1),
    failed: (error) => t.fail(error.message),
  })
  t.teardown(() => door.close())
  const next = numbers(seed)
  const untilMs = performance.now() + seconds * 1000
  // The beginning of a TLS record with a hello in it, which promises more than comes.
  const hello = '\u0016\u0003\u0001\u0000\u0070\u0001\u0000\u0000\u006c\u0003\u0003'
  for (let tried = 0; tried < 20 || performance.now() < untilMs; tried += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end(Buffer.from(mutated([hello], next), 'latin1'))
    await Promise.race([closed, sleep(500)])
    socket.destroy()
  }
  t.ok(strangers > 0)
  const guard = connectWithKey('127.0.0.1', port, key)
  t.teardown(() => guard.destroy())
  guard.on('error', () => undefined)
  guard.write('guard')
  t.equal(await promise, true)
})
