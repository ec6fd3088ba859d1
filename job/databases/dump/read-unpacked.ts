import { pipeline, Transform, type Duplex, type Readable } from 'node:stream'
import { decrypting, NotDecrypted } from '../../encryption/age.ts'
import { damaged, type DumpedFile } from './manifest.ts'
import { readVerified, type Dump } from './read-verified.ts'

/** A dump whose files are opened. */
export interface OpenDump extends Dump {
  /** of age, absent where the dump is not encrypted */
  identities?: readonly string[] | undefined
}

/**
 * What a file of a dump held before it was encrypted, read by readVerified(): the stream ends only where every byte of
 * the file was the one that the manifest tells of.
 * @throws Failure where the file is missing
 */
export async function readContent(dump: OpenDump, file: DumpedFile): Promise<Readable> {
  const content = await readVerified(dump, file)
  const { identities, title } = dump
  if (identities === undefined) return content
  const told = new Transform({
    transform: (chunk: Buffer, _, done) => done(null, chunk),
    destroy: (error, done) =>
      done(
        error instanceof NotDecrypted ? damaged(title, `${file.path} cannot be decrypted: ${error.message}`) : error,
      ),
  })
  // Its errors reach whoever reads the result.
  return pipeline(content, decrypting(identities), told, () => undefined)
}

/**
 * What a compressed file of a dump holds, read by readContent(): the stream ends only where every byte of the file was
 * the one that the manifest tells of.
 * @throws Failure where the file is missing
 */
export async function readUnpacked(dump: OpenDump, file: DumpedFile, decompress: () => Duplex): Promise<Readable> {
  const content = await readContent(dump, file)
  const whole = new Transform({
    transform: (chunk: Buffer, _, done) => done(null, chunk),
    // Compressed data may end before its file does, and what follows decides as well.
    flush: (done) => done(content.readableEnded ? null : damaged(dump.title, `${file.path} goes on after its data`)),
    destroy: (error, done) =>
      done(isOfCompression(error) ? damaged(dump.title, `${file.path} cannot be decompressed`) : error),
  })
  // Its errors reach whoever reads the result.
  return pipeline(content, decompress(), whole, () => undefined)
}

/** The codes of node's zlib: Z_DATA_ERROR, ZSTD_error_checksum_wrong. */
function isOfCompression(error: Error | null): boolean {
  return error !== null && 'code' in error && /^Z(STD)?_/.test(String(error.code))
}
