import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
} from '@aws-sdk/client-s3'
import { Failure } from '../../../operation/failure.ts'
import { prefixOf, type Bucket } from './bucket.ts'
import { codeOf, guarded } from './error.ts'
import { decoded, listObjects } from './read.ts'

/** The most that DeleteObjects takes. */
const mostAtOnce = 1_000
const abortAttempts = 3
const abortPauseMs = 100

/**
 * Removes a folder, see Storage.delete. What lies in it directly goes first: a folder half removed by a killed run must
 * not look like a backup.
 */
export async function deleteFolder(bucket: Bucket, folder: string): Promise<void> {
  const below: string[] = []
  const first: string[] = []
  for await (const { path } of listObjects(bucket, folder)) {
    const isDirect = !path.slice(folder.length + 1).includes('/')
    ;(isDirect ? first : below).push(path)
  }
  for (const paths of [first, below])
    for (let from = 0; from < paths.length; from += mostAtOnce)
      await deleteObjects(bucket, folder, paths.slice(from, from + mostAtOnce))
  await abortUnfinished(bucket, folder)
}

/** See Storage.removeUnfinished. */
export async function abortUnfinished(bucket: Bucket, folder: string): Promise<void> {
  for await (const upload of unfinishedUploads(bucket, folder))
    await guarded(bucket.title, `an unfinished upload to ${folder} cannot be removed`, () => abort(bucket, upload))
}

async function deleteObjects(bucket: Bucket, folder: string, paths: readonly string[]): Promise<void> {
  const { client, name, title, key } = bucket
  const what = `${folder} cannot be removed`
  const { Errors = [] } = await guarded(title, what, () =>
    client.send(
      new DeleteObjectsCommand({
        Bucket: name,
        Delete: { Quiet: true, Objects: paths.map((path) => ({ Key: key(path) })) },
      }),
    ),
  )
  // A store of another maker calls it an error where there is nothing to delete.
  const refused = Errors.find(({ Code }) => Code !== 'NoSuchKey')
  if (refused === undefined) return
  throw new Failure({
    what: `${title}: ${what}`,
    why: `${refused.Key}: ${refused.Message ?? refused.Code}`,
    next: 'look for an object lock or a legal hold on it; allow s3:DeleteObject; then run the same command again',
  })
}

/** Uploads below a folder that were begun and never completed: those of killed workers. */
export async function* unfinishedUploads(bucket: Bucket, folder: string): AsyncGenerator<MultipartUpload> {
  const { client, name, title } = bucket
  let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined
  do {
    const page = await guarded(title, `unfinished uploads to ${folder} cannot be listed`, () =>
      client.send(
        new ListMultipartUploadsCommand({
          Bucket: name,
          Prefix: prefixOf(bucket, folder),
          EncodingType: 'url',
          ...after,
        }),
      ),
    )
    for (const upload of page.Uploads ?? []) yield { ...upload, Key: decoded(upload.Key ?? '', page) }
    after =
      page.IsTruncated === true
        ? { KeyMarker: decoded(page.NextKeyMarker ?? '', page), UploadIdMarker: page.NextUploadIdMarker }
        : undefined
  } while (after !== undefined)
}

/**
 * Forgets an upload. "If any part uploads are currently in progress, those part uploads might or might not succeed.
 * As a
 * result, it might be necessary to abort a given multipart upload multiple times" (AbortMultipartUpload).
 */
export async function abort({ client, name }: Bucket, { Key, UploadId }: MultipartUpload): Promise<void> {
  for (let attempt = 1; attempt <= abortAttempts; attempt += 1) {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }))
    } catch (error) {
      if (/^(NoSuchUpload|404)$/.test(codeOf(error))) return
      throw error
    }
    await sleep(abortPauseMs)
  }
}
