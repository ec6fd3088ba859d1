import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGunzip, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { readUnpacked } from '../../../../../job/databases/dump/read-unpacked.ts'
import { failureOf } from '../../failure-of.ts'

const rows = randomBytes(3 << 20)
const packings = {
  zst: { pack: zstdCompressSync, unpack: () => createZstdDecompress() },
  gz: { pack: gzipSync, unpack: () => createGunzip() },
}

/** Reads a file that was written as `packed`, from a storage that gives `given` by now. */
async function read(packed: Buffer, given: Buffer, unpack: (typeof packings)['zst' | 'gz']['unpack']) {
  const chunks = Array.from({ length: Math.ceil(given.length / 65536) }, (_, at) =>
    given.subarray(at * 65536, (at + 1) * 65536),
  )
  const storage = { read: async () => Readable.from(chunks) }
  const file = { path: 'rows', bytes: packed.length, sha256: createHash('sha256').update(packed).digest('hex') }
  return await buffer(await readUnpacked({ storage, folder: 'f', title: 'db' }, file, unpack))
}

for (const [name, { pack, unpack }] of Object.entries(packings)) {
  t.test(`a file of ${name} is given as it was, and damage is called damage`, async (t) => {
    const packed = pack(rows)
    t.ok((await read(packed, packed, unpack)).equals(rows))

    const flipped = Buffer.from(packed)
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1)
    // After data that ends early, enough that it is not read by the way.
    const early = Buffer.concat([pack(rows.subarray(0, 100)), Buffer.alloc(packed.length)]).subarray(0, packed.length)
    const noise = Buffer.from(packed.map((byte, at) => (at < 8 ? 0x55 : byte)))
    for (const [what, given] of Object.entries({ flipped, early, noise, short: packed.subarray(0, 1 << 20) })) {
      const failure = await failureOf(read(packed, given, unpack))
      t.match(failure, { what: 'the backup of db is damaged', why: /^(the content of )?rows / }, what)
    }
  })
}
