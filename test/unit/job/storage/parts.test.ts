import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { inParts, partBytes, partsAtOnce, type Part } from '../../../../job/storage/objects/parts.ts'
import { upload } from '../../../../job/storage/objects/upload.ts'

const mebibyte = 1 << 20
const gigabyte = 1e9
/** Of S3: "Amazon S3 multipart upload limits" in its User Guide. Azure allows more of everything. */
const mostParts = 10_000
const mostPartBytes = 5 * 1024 ** 3
const heldBy = (parts: number) =>
  Array.from({ length: parts }, (_, index) => partBytes(index + 1)).reduce((sum, bytes) => sum + bytes, 0)

t.test('10,000 parts hold 5 TB, and what is usual has small ones', (t) => {
  t.ok(heldBy(mostParts) > 5_000 * gigabyte)
  t.ok(partBytes(mostParts) < mostPartBytes)
  t.ok(heldBy(4_000) > 30 * gigabyte)
  t.equal(partBytes(4_000), 8 * mebibyte)
  t.end()
})

t.test('what one upload has in memory stays small, and never is more than two large parts', (t) => {
  const heldAt = (number: number) => (partsAtOnce(number) + 1) * partBytes(number)
  t.equal(heldAt(4_000), 24 * mebibyte, 'one is filled while two are on their way')
  const numbers = Array.from({ length: mostParts }, (_, index) => index + 1)
  t.strictSame(
    numbers.filter((number) => heldAt(number) > Math.max(96 * mebibyte, 2 * partBytes(number))),
    [],
  )
  const upTo50Gigabytes = 4_270
  t.ok(heldBy(upTo50Gigabytes) > 50 * gigabyte)
  t.ok(heldAt(upTo50Gigabytes) < 256 * mebibyte)
  t.end()
})

t.test('a stream is cut where a part is full, and only its last part says that it is', async (t) => {
  const partsOf = async (...lengths: number[]) => {
    const parts: Part[] = []
    for await (const part of inParts(Readable.from(lengths.map((length) => Buffer.alloc(length, length)))))
      parts.push(part)
    return parts.map(({ number, content, last }) => [number, content.length, last])
  }
  t.strictSame(await partsOf(), [[1, 0, true]])
  t.strictSame(await partsOf(1, 100_000, 2), [[1, 100_003, true]])
  t.strictSame(await partsOf(8 * mebibyte), [[1, 8 * mebibyte, true]])
  t.strictSame(await partsOf(8 * mebibyte, 1), [
    [1, 8 * mebibyte, false],
    [2, 1, true],
  ])
  t.strictSame(await partsOf(20 * mebibyte), [
    [1, 8 * mebibyte, false],
    [2, 8 * mebibyte, false],
    [3, 4 * mebibyte, true],
  ])
})

t.test('where content fails, the parts on their way arrive before they are given up', async (t) => {
  const said: string[] = []
  const target = {
    begin: async () => undefined,
    whole: async () => void t.fail('there are several parts'),
    async part({ number }: Part, signal: AbortSignal) {
      said.push(`part ${number} goes`)
      await sleep(100)
      said.push(`part ${number} ${signal.aborted ? 'is cut off' : 'has arrived'}`)
    },
    complete: async () => void t.fail('it is not whole'),
    abandon: async () => void said.push('all are given up'),
  }
  const content = async function* () {
    yield Buffer.alloc(partBytes(1) + 1)
    throw new Error('the database went away')
  }
  const { signal } = new AbortController()
  await t.rejects(upload(Readable.from(content()), signal, target), { message: 'the database went away' })
  t.strictSame(said, ['part 1 goes', 'part 1 has arrived', 'all are given up'])
})
