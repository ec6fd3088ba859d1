import { pipeline, type Readable } from 'node:stream'
import { constants, createZstdCompress } from 'node:zlib'
import { encrypting } from '../../encryption/age.ts'
import type { BackupContext } from '../database.ts'
import type { DumpedFile } from './manifest.ts'

/** How hard rows are compressed unless asked otherwise: more takes several times as long for a few per cent. */
export const level = 1

/** Bytes that are compressed before they are handed on: each time costs a turn of the event loop. */
const chunkBytes = 256 << 10

/** What a dump's files are written with. */
export type Writing = Pick<BackupContext, 'storage' | 'recipients' | 'compressionLevel' | 'signal'>

/**
 * Writes a file of a dump, encrypted where that is asked for: its size and hash are those of what is stored.
 * @param folder the dump's own, in the storage
 * @throws as Storage.write
 */
export async function writeFile(
  { storage, recipients, signal }: Writing,
  folder: string,
  path: string,
  content: Readable,
): Promise<DumpedFile> {
  // Its errors reach whoever writes the result.
  const packed = recipients === undefined ? content : pipeline(content, encrypting(recipients), () => undefined)
  return { path, ...(await storage.write(`${folder}/${path}`, packed, signal)) }
}

/**
 * Writes the rows of a table by writeFile(), compressed.
 * @param rows in blocks of some 100 KiB, read no faster than the storage takes them; of an iterable the next are asked
 *   for once those before are compressed, so that their memory may be used again
 */
export async function writePacked(
  writing: Writing,
  folder: string,
  path: string,
  rows: Readable | (() => AsyncIterable<Buffer>),
): Promise<DumpedFile> {
  const { compressionLevel = level } = writing
  const params = { [constants.ZSTD_c_compressionLevel]: compressionLevel }
  // At level 1 zstd looks back little farther than a block: each is a frame of its own, made quicker and hardly larger.
  const flush = compressionLevel === level ? constants.ZSTD_e_end : constants.ZSTD_e_continue
  const options = { chunkSize: chunkBytes, params, flush, writableHighWaterMark: 1 }
  const compress = createZstdCompress(options)
  // Its errors reach whoever writes the result.
  return await writeFile(
    writing,
    folder,
    path,
    pipeline(rows, compress, () => undefined),
  )
}
