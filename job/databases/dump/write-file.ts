import { pipeline, type Readable } from 'node:stream'
import { encrypting } from '../../encryption/age.ts'
import type { BackupContext } from '../database.ts'
import type { DumpedFile } from './manifest.ts'

/**
 * Writes a file of a dump, encrypted where that is asked for: its size and hash are those of what is stored.
 * @param folder the dump's own, in the storage
 * @throws as Storage.write
 */
export async function writeFile(
  { storage, recipients, signal }: Pick<BackupContext, 'storage' | 'recipients' | 'signal'>,
  folder: string,
  path: string,
  content: Readable,
): Promise<DumpedFile> {
  // Its errors reach whoever writes the result.
  const packed = recipients === undefined ? content : pipeline(content, encrypting(recipients), () => undefined)
  return { path, ...(await storage.write(`${folder}/${path}`, packed, signal)) }
}
