import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { Storage } from '../../../../job/storage/storage.ts'
import { readText } from '../../../../job/storage/text.ts'
import { failureOf } from '../failure-of.ts'
import { filesOf } from './storage-conformance.ts'

const { signal } = new AbortController()
const mebibyte = 1 << 20

type Fresh = (
  t: Test,
  options?: { endpoint?: string },
) => Promise<{
  storage: Storage
  endpoint: string
  leftovers(): Promise<string[]>
  /** leaves of a file what a worker does that is killed in the middle of it */
  begin(path: string): Promise<void>
}>

/**
 * What every object store must hold on a bad line.
 * @param fresh gives an empty one, reached by another endpoint where one is given
 */
export async function storeFaults(t: Test, fresh: Fresh): Promise<void> {
  await t.test('several parts become one file, or none', async (t) => {
    const { storage, leftovers } = await fresh(t)
    const content = pattern(20 * mebibyte)
    const written = await storage.write('a/large', Readable.from(inPieces(content)), signal)
    t.equal(written.bytes, content.length)
    t.ok(content.equals(await buffer((await storage.read('a/large')) ?? Readable.from([]))))
    const part = await storage.read('a/large', { first: 8 * mebibyte - 2, last: 8 * mebibyte + 1 })
    t.strictSame(
      [...(await buffer(part ?? Readable.from([])))],
      [...content.subarray(8 * mebibyte - 2, 8 * mebibyte + 2)],
    )
    const failing = async function* () {
      yield* inPieces(pattern(17 * mebibyte))
      throw new Error('the database went away')
    }
    await t.rejects(storage.write('a/other', Readable.from(failing()), signal), { message: 'the database went away' })
    t.match(await failureOf(storage.write('a/large', Readable.from(inPieces(content)), signal)), { why: /already/ })
    t.equal(await storage.read('a/other'), undefined)
    await storage.delete('a')
    t.strictSame(await leftovers(), [])
    t.strictSame(await filesOf(storage, ''), [])
  })

  await t.test('what a killed worker left unfinished goes with its folder, and nothing else', async (t) => {
    const { storage, begin, leftovers } = await fresh(t)
    await begin('a/below/large')
    await begin('ab/large')
    await storage.write('ab/file', Readable.from([Buffer.from('x')]), signal)
    t.equal((await leftovers()).length, 2)
    t.strictSame(await filesOf(storage, ''), [{ path: 'ab/file', bytes: 1 }])
    await storage.delete('a')
    t.match(await leftovers(), [/ab\/large$/])
    t.equal((await leftovers()).length, 1)
    t.strictSame(await filesOf(storage, ''), [{ path: 'ab/file', bytes: 1 }])
  })

  await t.test('what a killed worker left unfinished is removed, and no file', async (t) => {
    const { storage, begin, leftovers } = await fresh(t)
    await begin('a/below/large')
    await begin('ab/large')
    await storage.write('a/file', Readable.from([Buffer.from('x')]), signal)
    await storage.removeUnfinished('a')
    // Azure forgets what is unfinished with the next write of its name.
    const content = pattern(9 * mebibyte)
    await storage.write('a/below/large', Readable.from(inPieces(content)), signal)
    t.match(await leftovers(), [/ab\/large$/])
    t.equal((await leftovers()).length, 1)
    const files = [
      { path: 'a/below/large', bytes: content.length },
      { path: 'a/file', bytes: 1 },
    ]
    t.strictSame(await filesOf(storage, ''), files)
  })

  await t.test('of two long writes of one new path, one is refused', async (t) => {
    const { storage, leftovers } = await fresh(t)
    const one = pattern(9 * mebibyte)
    const ends = await Promise.allSettled([
      storage.write('new', Readable.from(inPieces(one)), signal),
      storage.write('new', Readable.from(inPieces(one)), signal),
    ])
    t.strictSame(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    t.ok(one.equals(await buffer((await storage.read('new')) ?? Readable.from([]))))
    t.strictSame(await leftovers(), [])
  })

  await t.test('a connection that breaks or falls silent is begun anew, in both directions', async (t) => {
    for (const fault of ['reset', 'silence'] as const) {
      const { endpoint } = await fresh(t)
      const line = await badLine(t, endpoint)
      const { storage, leftovers } = await fresh(t, { endpoint: line.endpoint })
      const content = pattern(20 * mebibyte)
      line.fail(fault, 3 * mebibyte)
      await storage.write('large', Readable.from(inPieces(content)), signal)
      t.equal(line.failed(), 1, `${fault} while writing`)
      line.fail(fault, 3 * mebibyte)
      t.ok(content.equals(await buffer((await storage.read('large')) ?? Readable.from([]))))
      t.equal(line.failed(), 2, `${fault} while reading`)
      t.strictSame(await filesOf(storage, ''), [{ path: 'large', bytes: content.length }])
      t.strictSame(await leftovers(), [])
    }
  })

  await t.test(
    'a bit that changes on the way to the server is told of, and nothing of that file is kept',
    async (t) => {
      for (const bytes of [4 * mebibyte, 20 * mebibyte]) {
        const { endpoint } = await fresh(t)
        const line = await badLine(t, endpoint)
        const { storage, leftovers } = await fresh(t, { endpoint: line.endpoint })
        const content = pattern(bytes)
        line.fail('flip', 3 * mebibyte)
        const refused = Readable.from(inPieces(content))
        t.match(await failureOf(storage.write('a/file', refused, signal)), { why: /is not what was sent/ }, `${bytes}`)
        t.equal(line.failed(), 1)
        t.ok(refused.destroyed, 'nobody goes on producing')
        t.strictSame(await filesOf(storage, ''), [])
        await storage.write('a/file', Readable.from(inPieces(content)), signal)
        t.ok(content.equals(await buffer((await storage.read('a/file')) ?? Readable.from([]))), 'the next is whole')
        t.strictSame(await leftovers(), [])
      }
    },
  )

  await t.test('a server that never answers is told of, soon by the preflight', async (t) => {
    const { endpoint } = await fresh(t)
    const line = await badLine(t, endpoint)
    const { storage } = await fresh(t, { endpoint: line.endpoint })
    line.fail('silence', 0, Infinity)
    t.match(await storage.preflight(1, 'backup-1'), [
      { check: 'storage', outcome: 'error', message: /does not answer/ },
    ])
    t.match(await failureOf(readText(storage, 'file')), { why: /does not answer/ })
    line.close()
    t.match(await storage.preflight(1, 'backup-1'), [
      { check: 'storage', outcome: 'error', message: /cannot be reached/ },
    ])
  })
}

/** Bytes that differ from part to part. */
function pattern(length: number): Buffer {
  const content = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE(at, at)
  return content
}

function* inPieces(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000)
}

/** flip: one bit of what goes to the server is another */
type Fault = 'reset' | 'silence' | 'flip'

/** A way to a server on which connections break after so many bytes, in either direction. */
async function badLine(t: Test, endpoint: string) {
  const { hostname, port } = new URL(endpoint)
  let fault: { kind: Fault; after: number; left: number } | undefined
  let failed = 0
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => open.delete(socket))
    }
    let passed = 0
    let silent = false
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (data: Buffer) => {
        passed += data.length
        const isHit = fault?.kind !== 'flip' || from === client
        if (fault !== undefined && fault.left > 0 && passed > fault.after && !silent && isHit) {
          fault.left -= 1
          failed += 1
          if (fault.kind === 'silence') silent = true
          else if (fault.kind === 'flip') data.writeUInt8(data.readUInt8(data.length >> 1) ^ 1, data.length >> 1)
          else {
            client.resetAndDestroy()
            upstream.destroy()
          }
        }
        if (!silent && !to.write(data)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      })
      from.on('close', () => to.destroy())
    }
    pass(client, upstream)
    pass(upstream, client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  t.teardown(close)
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoint: endpoint.replace(new URL(endpoint).host, place),
    fail(kind: Fault, after: number, times = 1) {
      // Connections that are kept open have counted already.
      for (const socket of open) socket.destroy()
      fault = { kind, after, left: times }
    },
    failed: () => failed,
    close,
  }
}
