import { createHash } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createZstdDecompress, zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { writePacked } from '../../../../../job/databases/dump/write-file.ts'
import { volumeStorage } from '../../../../../job/storage/volume/volume.ts'

const { signal } = new AbortController()

/** Prose of a few thousand words that were made up: rows in sequence do not show a level, as 19 takes more there. */
function prose(): Buffer {
  const noise = Array.from({ length: 12_500 }, (_, at) => createHash('sha256').update(String(at)).digest())
  const numbers = Buffer.concat(noise)
  const syllables = ['ka', 'lo', 'mi', 'tre', 'sun', 'vor', 'pel', 'ar', 'ix', 'no', 'gra', 'del', 'bor', 'ti', 'eu']
  const word = (seed: number) => {
    const own = createHash('sha256').update(`word ${seed}`).digest()
    const length = 1 + (own.readUInt8(0) % 4)
    return [...own.subarray(1, 1 + length)].map((byte) => syllables[byte % syllables.length]).join('')
  }
  const words = Array.from({ length: 4096 }, (_, seed) => word(seed))
  const text: string[] = []
  // The product of two is more often small than large, as words are more often common than rare.
  for (let at = 0; at + 4 <= numbers.length; at += 4)
    text.push(words[(numbers.readUInt16LE(at) * numbers.readUInt16LE(at + 2)) >>> 20] ?? '')
  return Buffer.from(text.join(' '))
}

t.test('the level of a backup is the one that zstd compresses its rows with, and 1 unless one is given', async (t) => {
  const rows = prose()
  const storage = volumeStorage(t.testdir(), 'pvc://test')
  const sizeAt = async (path: string, compressionLevel: number | undefined) => {
    const writing = { storage, compressionLevel, signal }
    const { bytes } = await writePacked(writing, 'a/db', path, Readable.from([rows]))
    const packed = await buffer((await storage.read(`a/db/${path}`)) ?? Readable.from([]))
    t.equal(packed.length, bytes)
    t.ok(zstdDecompressSync(packed).equals(rows), `${path} is what it was`)
    return bytes
  }
  const [usual, first, ninth, last] = [
    await sizeAt('usual', undefined),
    await sizeAt('first', 1),
    await sizeAt('ninth', 9),
    await sizeAt('last', 19),
  ]
  t.comment(`${rows.length} bytes become ${usual}, at levels 1, 9 and 19 ${first}, ${ninth} and ${last}`)
  t.equal(usual, first)
  t.ok(ninth < first * 0.97, 'more is smaller')
  t.ok(last < ninth * 0.97, 'and the most the smallest')
})

t.test('each block is a frame of its own at the usual level, and all of them are read as one file', async (t) => {
  const storage = volumeStorage(t.testdir(), 'pvc://test')
  const blocks = ['one', 'two', 'three'].map((word) => Buffer.from(`${word}\n`.repeat(100_000)))
  const framesAt = async (path: string, compressionLevel: number | undefined) => {
    const rows = async function* () {
      yield* blocks
    }
    await writePacked({ storage, compressionLevel, signal }, 'a/db', path, rows)
    const packed = async () => (await storage.read(`a/db/${path}`)) ?? Readable.from([])
    const unpacked = pipeline(await packed(), createZstdDecompress(), () => undefined)
    t.ok((await buffer(unpacked)).equals(Buffer.concat(blocks)), `${path} is what it was`)
    // RFC 8878, 3.1.1: what a frame begins with
    return (await buffer(await packed())).toString('latin1').split('\x28\xb5\x2f\xfd').length - 1
  }
  t.ok((await framesAt('usual', undefined)) >= blocks.length)
  t.equal(await framesAt('third', 3), 1)
})
