import { Readable } from 'node:stream'
import { steadyRead, type Download } from '../objects/steady-read.ts'
import type { ByteRange, StoredFile } from '../storage.ts'
import { prefixOf, type Container } from './container.ts'
import { azureFailure, codeOf } from './error.ts'

/** Reads a blob, or a part of it; see Storage.read. */
export async function readBlob(
  container: Container,
  path: string,
  { first, last }: ByteRange,
): Promise<Readable | undefined> {
  if (first < 0 || (last ?? first) < first) throw new RangeError(`bytes ${first} to ${last} of ${path}`)
  const { title, key, silentMs, ask } = container
  const what = `${path} cannot be read`
  let etag: string | undefined
  const download = async (from: number): Promise<Download | 'missing' | 'beyond'> =>
    await ask(what, async (client) => {
      try {
        // The time limit of a call would end the stream as well, whose silence steadyRead looks after.
        const {
          contentLength,
          etag: found,
          readableStreamBody,
        } = await withinTime(
          client
            .getBlobClient(key(path))
            .download(
              from,
              last === undefined ? undefined : last - from + 1,
              etag === undefined ? {} : { conditions: { ifMatch: etag } },
            ),
          silentMs,
        )
        etag = found
        return { content: readableStreamBody as Readable, bytes: contentLength ?? 0 }
      } catch (error) {
        if (codeOf(error) === 'BlobNotFound') return 'missing'
        if (codeOf(error) === 'InvalidRange') return 'beyond'
        throw error
      }
    })
  const begun = await download(first)
  if (begun === 'missing') return undefined
  if (begun === 'beyond') return Readable.from([])
  const rest = async (done: number): Promise<Download> => {
    const found = await download(first + done)
    if (typeof found === 'string') throw azureFailure(title, what, new Error('it was removed meanwhile'))
    return found
  }
  return steadyRead(begun, rest, { silentMs, failure: (error) => azureFailure(title, what, error) })
}

async function withinTime<T>(running: Promise<T>, mostMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
  const timer = setTimeout(() => reject(late), mostMs)
  try {
    return await Promise.race([running, promise])
  } finally {
    clearTimeout(timer)
    running.catch(() => undefined)
  }
}

/** A blob in a list, perhaps one whose blocks were never committed. */
export type ListedBlob = StoredFile & { name: string }

/** Every blob below a folder, by the order of names. */
export async function* listBlobs(
  container: Container,
  folder: string,
  { includeUncommitedBlobs }: { includeUncommitedBlobs: boolean } = { includeUncommitedBlobs: false },
): AsyncGenerator<ListedBlob> {
  const start = prefixOf(container, '')
  let continuationToken: string | undefined
  do {
    const page = await container.ask(
      `${folder === '' ? 'what it holds' : folder} cannot be listed`,
      async (client, abortSignal) => {
        const pages = client
          .listBlobsFlat({ prefix: prefixOf(container, folder), includeUncommitedBlobs, abortSignal })
          .byPage(continuationToken === undefined ? {} : { continuationToken })
        const { value } = await pages.next()
        return value as Awaited<ReturnType<typeof pages.next>>['value']
      },
    )
    for (const { name, properties } of page.segment.blobItems)
      yield { name, path: name.slice(start.length), bytes: properties.contentLength ?? 0 }
    continuationToken = page.continuationToken === '' ? undefined : page.continuationToken
  } while (continuationToken !== undefined)
}
