import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A part of an object as a service sends it. */
export interface Download {
  content: Readable
  /** how many bytes this is to be */
  bytes: number
}

const attempts = 5
const pauseMs = 500

/**
 * A download that goes on where its connection breaks, falls silent, or ends early.
 * @param from asks for the rest, from so many bytes on; of the same object, or it throws
 * @param silentMs how long a server may send nothing
 * @param failure the error that is thrown in the end, of the last one
 */
export function steadyRead(
  first: Download,
  from: (done: number) => Promise<Download>,
  { silentMs, failure }: { silentMs: number; failure: (error: unknown) => Error },
): Readable {
  return Readable.from(chunks(first, from, silentMs, failure), { objectMode: false, highWaterMark: 1 << 18 })
}

async function* chunks(
  first: Download,
  from: (done: number) => Promise<Download>,
  silentMs: number,
  failure: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  let { content } = first
  let done = 0
  let failures = 0
  try {
    while (done < first.bytes) {
      try {
        const iterator = content[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
        for (;;) {
          const { value, done: ended } = await heard(content, iterator, silentMs)
          if (ended === true) break
          done += value.byteLength
          failures = 0
          yield value
        }
        if (done < first.bytes) throw new Error(`the connection ended after ${done} of ${first.bytes} bytes`)
      } catch (error) {
        content.destroy()
        failures += 1
        if (failures === attempts) throw failure(error)
        await sleep(pauseMs * failures)
        ;({ content } = await from(done))
      }
    }
  } finally {
    content.destroy()
  }
}

/** The next chunk; waiting for the reader does not count as silence of the server. */
async function heard(
  content: Readable,
  iterator: AsyncIterator<Uint8Array>,
  silentMs: number,
): Promise<IteratorResult<Uint8Array>> {
  const timer = setTimeout(
    () => content.destroy(new Error(`the server sent nothing for ${silentMs / 1000} s`)),
    silentMs,
  )
  try {
    return await iterator.next()
  } finally {
    clearTimeout(timer)
  }
}
