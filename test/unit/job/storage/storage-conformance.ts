// Room: every storage held to one suite, each with a real server behind it.
// Read storage-conformance, store-faults (for those behind a network), volume.test, s3.test, azure.test.

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Test } from 'tap'
import { probeFolder } from '../../../../job/storage/probe-folder.ts'
import type { Storage, StoredFile } from '../../../../job/storage/storage.ts'
import { readText, replaceText } from '../../../../job/storage/text.ts'
import { failureOf } from '../failure-of.ts'

const { signal } = new AbortController()

/** An empty storage; `leftovers` lists what lies in it that no reader sees. */
interface Fresh {
  storage: Storage
  leftovers(): Promise<string[]>
}

/**
 * What every storage must hold.
 * @param fresh gives an empty one
 * @param options how many bytes of buffers one stream may hold at most, and which names the service keeps otherwise
 */
export async function storageConformance(
  t: Test,
  fresh: (t: Test) => Fresh | Promise<Fresh>,
  {
    mostBuffers = 16 << 20,
    manyFiles = 1050,
    strange = () => false,
  }: { mostBuffers?: number; manyFiles?: number; strange?: (path: string) => boolean } = {},
): Promise<void> {
  await t.test('what was written is read, and its size and sum are told', async (t) => {
    const { storage, leftovers } = await fresh(t)
    t.equal(await storage.read('a/file'), undefined)
    const written = await storage.write('a/file', chunks('one ', 'two'), signal)
    t.strictSame(written, { bytes: 7, sha256: sha256('one two') })
    t.equal(await readText(storage, 'a/file'), 'one two')
    t.strictSame(await storage.write('a/empty', chunks(), signal), { bytes: 0, sha256: sha256('') })
    t.equal(await readText(storage, 'a/empty'), '')
    t.equal(await storage.read('a'), undefined, 'a folder is no file')
    t.equal(await storage.read('a/file/below'), undefined)
    t.strictSame(await leftovers(), [])
  })

  await t.test('a file is seen only when it is whole', async (t) => {
    const { storage, leftovers } = await fresh(t)
    const seen: unknown[] = []
    const content = Readable.from(
      (async function* () {
        yield Buffer.from('one ')
        seen.push(await storage.read('a/file'), await filesOf(storage, ''))
        yield Buffer.from('two')
      })(),
    )
    await storage.write('a/file', content, signal)
    t.strictSame(seen, [undefined, []])
    t.equal(await readText(storage, 'a/file'), 'one two')
    t.strictSame(await leftovers(), [])
  })

  await t.test('write refuses what is there, replace takes its place', async (t) => {
    const { storage, leftovers } = await fresh(t)
    await storage.write('a/file', chunks('former, a long text'), signal)
    const refused = chunks('new')
    t.match(await failureOf(storage.write('a/file', refused, signal)), { what: /a\/file/, why: /already/ })
    t.ok(refused.destroyed, 'nobody has to wait for its reader')
    t.equal(await readText(storage, 'a/file'), 'former, a long text')
    t.strictSame(await storage.replace('a/file', chunks('två'), signal), { bytes: 4, sha256: sha256('två') })
    t.equal(await readText(storage, 'a/file'), 'två')
    await replaceText(storage, 'a/other', 'new', signal)
    t.equal(await readText(storage, 'a/other'), 'new', 'nothing has to be there')
    t.strictSame(await leftovers(), [])
  })

  await t.test(
    'of two that write one new path at once, one is refused; of two that replace, one stays whole',
    async (t) => {
      const { storage, leftovers } = await fresh(t)
      const both = (letter: string) => Array.from({ length: 50 }, () => letter.repeat(1000))
      const writing = await Promise.allSettled(
        ['a', 'b'].map((letter) => storage.write('new', slowly(both(letter)), signal)),
      )
      t.strictSame(writing.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
      const winner = writing[0]?.status === 'fulfilled' ? 'a' : 'b'
      t.equal(await readText(storage, 'new'), winner.repeat(50_000))
      await Promise.all(['c', 'd'].map((letter) => storage.replace('new', slowly(both(letter)), signal)))
      const text = (await readText(storage, 'new')) ?? ''
      t.ok(['c', 'd'].some((letter) => text === letter.repeat(50_000)))
      t.strictSame(await leftovers(), [])
    },
  )

  await t.test('a stream that fails or ends half-way leaves nothing, and what was there', async (t) => {
    const { storage, leftovers } = await fresh(t)
    await storage.write('there', chunks('former'), signal)
    for (const verb of ['write', 'replace'] as const) {
      const failing = async function* () {
        yield Buffer.alloc(100_000)
        throw new Error('the database went away')
      }
      await t.rejects(storage[verb]('new', Readable.from(failing()), signal), { message: 'the database went away' })
      const closed = new Readable({ read: () => undefined })
      closed.push('half')
      setTimeout(() => closed.destroy(), 20)
      await t.rejects(storage[verb]('new', closed, signal), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    }
    await t.rejects(storage.replace('there', new Readable({ read: (): never => fail() }), signal), { message: 'fail' })
    t.equal(await readText(storage, 'there'), 'former')
    t.strictSame(await filesOf(storage, ''), [{ path: 'there', bytes: 6 }])
    t.strictSame(await leftovers(), [])
  })

  await t.test('an aborted signal leaves nothing, not even of a stream that has stopped', async (t) => {
    const { storage, leftovers } = await fresh(t)
    const reason = new Error('told to stop')
    for (const verb of ['write', 'replace'] as const) {
      const stalled = new Readable({ read: () => undefined })
      stalled.push('half')
      const stop = new AbortController()
      setTimeout(() => stop.abort(reason), 20)
      await t.rejects(storage[verb]('new', stalled, stop.signal), reason)
      t.ok(stalled.destroyed)
      const late = chunks('all of it')
      await t.rejects(storage[verb]('new', late, AbortSignal.abort(reason)), reason)
      t.ok(late.destroyed)
      const last = new AbortController()
      const atItsEnd = async function* () {
        yield Buffer.from('all of it')
        last.abort(reason)
      }
      await t.rejects(storage[verb]('new', Readable.from(atItsEnd()), last.signal), reason)
    }
    t.equal(await storage.read('new'), undefined)
    t.strictSame(await filesOf(storage, ''), [])
    t.strictSame(await leftovers(), [])
  })

  await t.test('ranges', async (t) => {
    const { storage } = await fresh(t)
    await storage.write('digits', chunks('0123456789'), signal)
    const part = async (first: number, last?: number) => {
      const content = await storage.read('digits', last === undefined ? { first } : { first, last })
      return content === undefined ? undefined : (await buffer(content)).toString()
    }
    t.equal(await part(0, 0), '0', 'the first byte')
    t.equal(await part(3, 5), '345', 'the middle')
    t.equal(await part(9, 9), '9', 'the last byte')
    t.equal(await part(7), '789', 'to the end')
    t.equal(await part(8, 100), '89', 'over the end')
    t.equal(await part(10), '', 'from the end')
    t.equal(await part(100, 200), '', 'beyond the end')
    await t.rejects(storage.read('digits', { first: 5, last: 4 }), RangeError)
    await t.rejects(storage.read('digits', { first: -1 }), RangeError)
    t.equal(await storage.read('nothing', { first: 0, last: 1 }), undefined)
  })

  await t.test('a list is complete and in order, whatever the names', async (t) => {
    const { storage } = await fresh(t)
    const long = 'l'.repeat(200)
    const paths = [
      'a-b/file',
      'a/b/c/deep',
      'a/b.txt',
      'a/b/file',
      'a b/with spaces ',
      'a/"quotes\' and \\ back\nslash',
      'a/%2F',
      'a/.dotted',
      'a/Ärger',
      'a/日本語',
      'a/\u{1F600}',
      'a/\uFFFD',
      `a/${long}/${long}/${long}`,
      'b',
    ].filter((path) => !strange(path))
    for (const path of paths) await storage.write(path, chunks(path), signal)
    const inOrder = (some: string[]) =>
      [...some]
        .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
        .map((path) => ({ path, bytes: Buffer.byteLength(path) }))
    t.strictSame(await filesOf(storage, ''), inOrder(paths))
    t.strictSame(await filesOf(storage, 'a'), inOrder(paths.filter((path) => path.startsWith('a/'))))
    t.strictSame(await filesOf(storage, 'a/b'), inOrder(['a/b/c/deep', 'a/b/file']))
    t.strictSame(await filesOf(storage, 'b'), [], 'a file is no folder')
    t.strictSame(await filesOf(storage, 'nothing/at/all'), [])
    for (const path of paths) t.equal(await readText(storage, path), path)
  })

  await t.test('more files than a list has on one page', async (t) => {
    const { storage, leftovers } = await fresh(t)
    const paths = Array.from({ length: manyFiles }, (_, number) => `many/${String(number).padStart(4, '0')}`)
    for (const some of Map.groupBy(paths, (_, index) => index % 10).values())
      await Promise.all(some.map((path) => storage.write(path, chunks(path), signal)))
    t.strictSame(
      (await filesOf(storage, 'many')).map(({ path }) => path),
      paths,
    )
    await storage.delete('many')
    t.strictSame(await filesOf(storage, ''), [])
    t.strictSame(await leftovers(), [])
  })

  await t.test('64 MB go through in both directions, a few chunks at a time', async (t) => {
    const { storage } = await fresh(t)
    const chunk = Buffer.alloc(1 << 18, 'x')
    const count = 256
    const hash = createHash('sha256')
    const before = buffersInUse()
    let peak = 0
    const look = () => (peak = Math.max(peak, buffersInUse() - before))
    const produced = async function* () {
      for (let number = 0; number < count; number += 1) {
        const one = Buffer.from(chunk)
        one.writeUInt32BE(number)
        hash.update(one)
        if (number % 32 === 0) look()
        yield one
      }
    }
    const written = await storage.write('big', Readable.from(produced()), signal)
    t.strictSame(written, { bytes: chunk.length * count, sha256: hash.digest('hex') })
    const content = await storage.read('big')
    const again = createHash('sha256')
    let arrived = 0
    let next = 1 << 22
    for await (const one of (content ?? []) as AsyncIterable<Buffer>) {
      again.update(one)
      arrived += one.length
      if (arrived >= next) {
        look()
        next += 1 << 23
        await sleep(20)
      }
    }
    t.equal(again.digest('hex'), written.sha256)
    t.comment(`${(peak / 2 ** 20).toFixed(1)} MiB of buffers at most`)
    t.ok(peak < mostBuffers)
  })

  await t.test('deleting takes all below a folder, and nothing else', async (t) => {
    const { storage, leftovers } = await fresh(t)
    for (const path of ['a/one', 'a/below/two', 'ab/three', 'a.txt']) await storage.write(path, chunks('x'), signal)
    await storage.delete('a')
    t.equal(await storage.read('a/one'), undefined)
    t.strictSame(await filesOf(storage, ''), [
      { path: 'a.txt', bytes: 1 },
      { path: 'ab/three', bytes: 1 },
    ])
    await storage.delete('a')
    await storage.delete('nothing/at/all')
    await storage.write('a/one', chunks('again'), signal)
    t.equal(await readText(storage, 'a/one'), 'again')
    t.strictSame(await leftovers(), [])
  })

  await t.test('no path leads out of the storage', async (t) => {
    const { storage } = await fresh(t)
    await storage.write('a/file', chunks('x'), signal)
    for (const path of ['', '/a/file', 'a//file', 'a/', '.', './a/file', 'a/../a/file', '../a', '..', 'a\0']) {
      const why = /parts/
      const content = chunks('x')
      t.match(await failureOf(storage.write(path, content, signal)), { why }, JSON.stringify(path))
      t.ok(content.destroyed)
      t.match(await failureOf(storage.replace(path, chunks('x'), signal)), { why })
      t.match(await failureOf(storage.read(path)), { why })
      t.match(await failureOf(storage.delete(path)), { why })
      if (path !== '') t.match(await failureOf(filesOf(storage, path)), { why })
    }
    t.strictSame(await filesOf(storage, ''), [{ path: 'a/file', bytes: 1 }])
  })

  await t.test('the preflight leaves nothing, nor what a killed one left', async (t) => {
    const { storage, leftovers } = await fresh(t)
    await storage.write(`${probeFolder('backup-1')}/probe`, chunks('probe'), signal)
    const findings = await storage.preflight(1, 'backup-1')
    t.strictSame(
      findings.filter(({ outcome }) => outcome !== 'ok'),
      [],
    )
    t.strictSame(await filesOf(storage, ''), [])
    t.strictSame(await leftovers(), [])
  })
}

/** Bytes of buffers that something still refers to. */
function buffersInUse(): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  // What the first one found is freed beside the program, and only then counted.
  gc()
  return process.memoryUsage().arrayBuffers
}

/** A stream of these texts. */
export function chunks(...texts: string[]): Readable {
  return Readable.from(texts.map((text) => Buffer.from(text)))
}

/** Every file below a folder. */
export async function filesOf(storage: Storage, folder: string): Promise<StoredFile[]> {
  const files: StoredFile[] = []
  for await (const file of storage.list(folder)) files.push(file)
  return files
}

/** One text after another, with others having their turn in between. */
function slowly(texts: string[]): Readable {
  return Readable.from(
    (async function* () {
      for (const text of texts) {
        yield Buffer.from(text)
        await sleep(0)
      }
    })(),
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function fail(): never {
  throw new Error('fail')
}
