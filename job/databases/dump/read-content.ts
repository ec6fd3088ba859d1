import { pipeline, type Readable, Transform } from 'node:stream'
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
