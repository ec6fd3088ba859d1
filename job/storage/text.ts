import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Storage } from './storage.ts'

/** A small file as text, UTF-8; undefined where there is none. */
export async function readText(storage: Pick<Storage, 'read'>, path: string): Promise<string | undefined> {
  const content = await storage.read(path)
  return content === undefined ? undefined : await text(content)
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
