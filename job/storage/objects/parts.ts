import type { Readable } from 'node:stream'

/** Content as an upload takes it. */
export interface Part {
  /** from 1 */
  number: number
  content: Buffer
  /** whether nothing follows; only the last part may be empty, or smaller than the others */
  last: boolean
}

const mebibyte = 1 << 20
const leastBytes = 8 * mebibyte
/** Parts up to this one are of one size, which some services demand: 32 GB. */
const evenParts = 4_000
const growthBytes = 384 * 1024
const firstBytes = 64 * 1024

/**
 * How large a part is, bytes. A service takes 10,000 parts at most (Amazon S3 User Guide, "multipart upload limits"):
 * parts that grow in the end hold 7 TB, while what is usual needs no more memory than small parts do.
 */
export function partBytes(number: number): number {
  return leastBytes + Math.max(0, number - evenParts) * growthBytes
}

/** How many parts may be on their way at once: two small ones, or a large one alone. */
export function partsAtOnce(number: number): number {
  return partBytes(number) > 4 * leastBytes ? 1 : 2
}

/**
 * A stream cut into parts, each in memory whole so that it can be sent again. At least one part, empty where the stream
 * is.
 * @throws what the stream ends with
 */
export async function* inParts(content: Readable): AsyncGenerator<Part> {
  let number = 1
  let part: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(firstBytes)
  let filled = 0
  for await (const chunk of content as AsyncIterable<Uint8Array>) {
    let taken = 0
    while (taken < chunk.byteLength) {
      if (filled === partBytes(number)) {
        yield { number, content: part, last: false }
        number += 1
        filled = 0
        part = Buffer.allocUnsafeSlow(partBytes(number))
      }
      if (filled === part.byteLength) part = enlarged(part, partBytes(number))
      const now = Math.min(chunk.byteLength - taken, part.byteLength - filled)
      part.set(chunk.subarray(taken, taken + now), filled)
      filled += now
      taken += now
    }
  }
  yield { number, content: part.subarray(0, filled), last: true }
}

/** The first part alone begins small: most files are. */
function enlarged(part: Buffer<ArrayBuffer>, mostBytes: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.min(mostBytes, part.byteLength * 4))
  part.copy(larger)
  return larger
}
