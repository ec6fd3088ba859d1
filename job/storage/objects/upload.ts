// Room: what every object store has in common.
// Read upload, parts, steady-read.

import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Written } from '../storage.ts'
import { inParts, partsAtOnce, type Part } from './parts.ts'

/** How a service takes one object. Each call throws a Failure in its own words. */
export interface Target {
  /** before the content is read: refuses what is to be refused anyway */
  begin(): Promise<void>
  /** an object of one part */
  whole(content: Buffer, signal: AbortSignal): Promise<void>
  /** one of several parts, in any order and several at once */
  part(part: Part, signal: AbortSignal): Promise<void>
  /** makes an object of the parts that part() took, all at once */
  complete(signal: AbortSignal): Promise<void>
  /** forgets those parts; what fails in it is found by a later delete of the folder */
  abandon(): Promise<void>
}

/**
 * Sends a stream as one object that nobody sees before it is whole. See Storage.write; memory holds the part that is
 * being filled and those on their way, see partBytes().
 */
export async function upload(content: Readable, signal: AbortSignal, target: Target): Promise<Written> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const stop = () => content.destroy(either.reason)
  either.addEventListener('abort', stop, { once: true })
  // The reader below meets the same error.
  content.on('error', () => undefined)
  const onTheirWay = new Set<Promise<void>>()
  let begun = false
  try {
    signal.throwIfAborted()
    await target.begin()
    const hash = createHash('sha256')
    let bytes = 0
    for await (const part of inParts(content)) {
      either.throwIfAborted()
      hash.update(part.content)
      bytes += part.content.byteLength
      if (part.last && part.number === 1) {
        await target.whole(part.content, either)
        break
      }
      begun = true
      if (part.content.byteLength > 0) {
        const sending = target
          .part(part, either)
          .catch((error: unknown) => failed.abort(error))
          .finally(() => onTheirWay.delete(sending))
        onTheirWay.add(sending)
      }
      while (onTheirWay.size >= partsAtOnce(part.number)) await Promise.race(onTheirWay)
      if (!part.last) continue
      await Promise.all(onTheirWay)
      either.throwIfAborted()
      await target.complete(either)
    }
    return { bytes, sha256: hash.digest('hex') }
  } catch (error) {
    // A part that is cut off may arrive all the same, after all that was made of the others was removed.
    if (!either.aborted) await Promise.all(onTheirWay)
    failed.abort(error)
    await Promise.all(onTheirWay)
    if (begun) await target.abandon().catch(() => undefined)
    if (signal.aborted) throw signal.reason
    throw failed.signal.reason
  } finally {
    either.removeEventListener('abort', stop)
    content.destroy()
  }
}
