import { createHash } from 'node:crypto'
import { pipeline, Transform, type Readable } from 'node:stream'
import type { Storage } from '../../storage/storage.ts'
import { damaged, type DumpedFile } from './manifest.ts'

/** A dump whose files are read. */
export interface Dump {
  storage: Pick<Storage, 'read'>
  /** its own folder in the storage */
  folder: string
  /** the database, for errors */
  title: string
}

/**
 * A file of a dump, hashed as it is read. The storage is not trusted: what it gives now need not be what it gave when
 * the dump was verified. The stream ends only where every byte was the one that the manifest tells of; it fails else,
 * so whoever uses the bytes must be able to take back what it did with them until the end has come. Not a byte more
 * than the manifest tells of is handed on.
 * @throws Failure where the file is missing
 */
export async function readVerified({ storage, folder, title }: Dump, file: DumpedFile): Promise<Readable> {
  // One byte more than there should be, which shows that the file has grown.
  const content = await storage.read(`${folder}/${file.path}`, { first: 0, last: file.bytes })
  if (content === undefined) throw damaged(title, `${file.path} is missing`)
  const hash = createHash('sha256')
  let bytes = 0
  const check = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.byteLength
      if (bytes > file.bytes) return done(damaged(title, `${file.path} has more than ${file.bytes} bytes`))
      hash.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      if (bytes !== file.bytes) done(damaged(title, `${file.path} has ${bytes} bytes instead of ${file.bytes}`))
      else if (hash.digest('hex') !== file.sha256)
        done(damaged(title, `the content of ${file.path} has changed since the backup`))
      else done()
    },
  })
  // Its errors reach whoever reads the result.
  return pipeline(content, check, () => undefined)
}
