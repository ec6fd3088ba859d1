import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { Failure } from '../../../operation/failure.ts'
import { taken } from '../taken.ts'
import type { Target } from '../objects/upload.ts'
import type { Bucket } from './bucket.ts'
import { abort } from './delete.ts'
import { codeOf, guarded } from './error.ts'

/** How often an object that a store has accepted is looked for, ms. */
const shownAgainMs = 500

const writerKey = 'kubectl-scalardl-writer'

/** What the end of a write is refused with where there is an object, or where the upload has ended already. */
const isConcluded = /^(PreconditionFailed|ConditionalRequestConflict|412|409|NoSuchUpload)$/

/** How an object is given to S3; see "Uploading and copying objects using multipart upload" in its User Guide. */
export function s3Target(bucket: Bucket, path: string, mode: 'new' | 'replace'): Target {
  const { client, customerKey, title, name, settings } = bucket
  const object = { Bucket: name, Key: bucket.key(path) }
  const condition = mode === 'new' ? { IfNoneMatch: '*' } : {}
  const concluding = async (call: () => Promise<unknown>): Promise<unknown> =>
    await guarded(title, `${path} cannot be written`, async () => {
      try {
        await call()
      } catch (error) {
        if (!isConcluded.test(codeOf(error))) throw error
        if (await wroteIt()) return undefined
        throw mode === 'new' && !codeOf(error).endsWith('Upload') ? taken(title, path) : error
      }
    })
  const parts: CompletedPart[] = []
  let bytes = 0
  // By this an answer that was lost, and the refusal of the next attempt, are told from another's object.
  const writer = randomUUID()
  const made = { ...object, ...settings, Metadata: { [writerKey]: writer } }
  const wroteIt = async () => (await writerOf(bucket, path)) === writer
  /** A store may answer a second call while it is still at work on the first, whose answer was lost. */
  const shown = async (signal: AbortSignal) => {
    for (const fromMs = performance.now(); !(await wroteIt()); await sleep(shownAgainMs, undefined, { signal }))
      if (performance.now() - fromMs > bucket.assemblyMs) throw notShown(title, path)
  }
  let upload: Promise<string> | undefined
  const sending = <T>(call: () => Promise<T>) => guarded(title, `${path} cannot be written`, call)
  return {
    async begin() {
      if (mode === 'new' && (await hasObject(bucket, path))) throw taken(title, path)
    },
    async whole(content, signal) {
      const key = await customerKey()
      await concluding(() =>
        client.send(
          new PutObjectCommand({ ...made, ...key, ...condition, Body: content, ChecksumCRC32: sumOf(content) }),
          { abortSignal: signal },
        ),
      )
    },
    async part({ number, content }, signal) {
      const key = await customerKey()
      upload ??= sending(async () => {
        const begun = await client.send(
          new CreateMultipartUploadCommand({ ...made, ...key, ChecksumAlgorithm: 'CRC32' }),
        )
        return begun.UploadId ?? ''
      })
      const UploadId = await upload
      const ChecksumCRC32 = sumOf(content)
      const { ETag } = await sending(() =>
        client.send(
          new UploadPartCommand({
            ...object,
            ...key,
            UploadId,
            PartNumber: number,
            Body: content,
            ChecksumCRC32,
          }),
          { abortSignal: signal },
        ),
      )
      bytes += content.byteLength
      parts[number - 1] = { PartNumber: number, ETag, ChecksumCRC32 }
    },
    async complete(signal) {
      const UploadId = await upload
      const key = await customerKey()
      const MultipartUpload = { Parts: parts }
      // By its size the service sees that a part is missing.
      const whole = { ...object, ...key, ...condition, UploadId, MultipartUpload, MpuObjectSize: bytes }
      await concluding(() => client.send(new CompleteMultipartUploadCommand(whole), { abortSignal: signal }))
      await shown(signal)
    },
    async abandon() {
      await abort(bucket, { Key: object.Key, UploadId: await upload })
    },
  }
}

function notShown(title: string, path: string): Failure {
  return new Failure({
    what: `${title}: ${path} cannot be written`,
    why: 'the storage has accepted it, and does not show it',
    next: "look at the storage's own log, for a full disk for example, then run the same command again",
  })
}

/** Whether there is an object. A list has an error's name, which the answer to a HEAD has not. */
export async function hasObject({ client, name, title, key }: Bucket, path: string): Promise<boolean> {
  const { Contents = [] } = await guarded(title, `${path} cannot be looked for`, () =>
    client.send(new ListObjectsV2Command({ Bucket: name, Prefix: key(path), MaxKeys: 1 })),
  )
  return Contents[0]?.Key === key(path)
}

async function writerOf({ client, customerKey, name, key }: Bucket, path: string): Promise<string | undefined> {
  const object = { Bucket: name, Key: key(path), ...(await customerKey()) }
  const head = await client.send(new HeadObjectCommand(object)).catch(() => undefined)
  return head?.Metadata?.[writerKey]
}

/** As S3 has checksums: base64, big-endian. */
function sumOf(content: Buffer): string {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(content))
  return sum.toString('base64')
}
