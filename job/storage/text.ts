import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../operation/failure.ts'
import { formatBytes } from './bytes.ts'
import type { Storage } from './storage.ts'

/** The longest text that is read, bytes. */
const longestText = 32 << 20

/**
 * A small file as text, UTF-8; undefined where there is none.
 * @param longest bytes that are read at most
 * @throws Failure where the file is longer
 */
export async function readText(
  storage: Pick<Storage, 'read'>,
  path: string,
  longest: number = longestText,
): Promise<string | undefined> {
  const content = await storage.read(path, { first: 0, last: longest })
  if (content === undefined) return undefined
  const read = await buffer(content)
  if (read.byteLength <= longest) return read.toString('utf8')
  throw new Failure({
    what: `${path} is not read`,
    why: `it has more than ${formatBytes(longest)}`,
    next: 'check who may write to the storage, then use another backup',
  })
}

/** A new small file of text, UTF-8. @throws as Storage.write */
export async function writeText(
  storage: Pick<Storage, 'write'>,
  path: string,
  content: string,
  signal: AbortSignal,
): Promise<void> {
  await storage.write(path, Readable.from([Buffer.from(content)]), signal)
}

/** A small file of text, UTF-8, in the place of what may be there. @throws as Storage.replace */
export async function replaceText(
  storage: Pick<Storage, 'replace'>,
  path: string,
  content: string,
  signal: AbortSignal,
): Promise<void> {
  await storage.replace(path, Readable.from([Buffer.from(content)]), signal)
}
