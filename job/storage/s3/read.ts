import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import { steadyRead, type Download } from '../objects/steady-read.ts'
import type { ByteRange, StoredFile } from '../storage.ts'
import { prefixOf, type Bucket } from './bucket.ts'
import { codeOf, guarded, isMissing, s3Failure } from './error.ts'

/** Reads an object, or a part of it; see Storage.read. */
export async function readObject(
  bucket: Bucket,
  path: string,
  { first, last }: ByteRange,
  silentMs: number,
): Promise<Readable | undefined> {
  if (first < 0 || (last ?? first) < first) throw new RangeError(`bytes ${first} to ${last} of ${path}`)
  const { client, customerKey, name, title, key } = bucket
  let etag: string | undefined
  const download = async (from: number): Promise<Download> => {
    const whole = from === 0 && last === undefined
    const { Body, ContentLength, ETag } = await client.send(
      new GetObjectCommand({
        Bucket: name,
        Key: key(path),
        ...(whole ? {} : { Range: `bytes=${from}-${last ?? ''}` }),
        ...(etag === undefined ? {} : { IfMatch: etag }),
        ...(await customerKey()),
      }),
    )
    etag = ETag
    return { content: Body as Readable, bytes: ContentLength ?? 0 }
  }
  const what = `${path} cannot be read`
  const rest = (done: number) => guarded(title, what, () => download(first + done))
  return await guarded(title, what, async () => {
    try {
      return steadyRead(await download(first), rest, { silentMs, failure: (error) => s3Failure(title, what, error) })
    } catch (error) {
      // NoSuchBucket stays an error: whoever reads there takes the wrong place for an empty one.
      if (isMissing(error)) return undefined
      if (/^(InvalidRange|416)$/.test(codeOf(error))) return Readable.from([])
      throw error
    }
  })
}

/** Every object below a folder; see Storage.list. S3 lists in the order of UTF-8 bytes ("ListObjectsV2"). */
export async function* listObjects(bucket: Bucket, folder: string): AsyncGenerator<StoredFile> {
  const { client, name, title } = bucket
  const start = prefixOf(bucket, '')
  let token: string | undefined
  do {
    const page = await guarded(title, `${folder === '' ? 'what it holds' : folder} cannot be listed`, () =>
      client.send(
        new ListObjectsV2Command({
          Bucket: name,
          Prefix: prefixOf(bucket, folder),
          // Names may hold what XML cannot.
          EncodingType: 'url',
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      ),
    )
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      const key = decoded(Key, page)
      // What consoles make for an empty folder is no file.
      if (!key.endsWith('/')) yield { path: key.slice(start.length), bytes: Size }
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

/** A name as a list tells it: as in a URL where it says so, with a plus for a space. Not every store does. */
export function decoded(name: string, { EncodingType }: { EncodingType?: string | undefined }): string {
  return EncodingType === 'url' ? decodeURIComponent(name.replaceAll('+', ' ')) : name
}
