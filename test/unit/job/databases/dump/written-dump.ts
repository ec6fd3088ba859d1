import { Readable } from 'node:stream'
import type { DumpOwner, ManifestSeal } from '../../../../../job/databases/dump/manifest.ts'
import { claimFolder, sealFolder } from '../../../../../job/databases/dump/own-folder.ts'
import type { Storage } from '../../../../../job/storage/storage.ts'

const { signal } = new AbortController()

/** A dump of these files, path and content, as a kind of database writes it. */
export async function writtenDump(
  storage: Storage,
  folder: string,
  of: DumpOwner,
  files: Record<string, string | Buffer>,
): Promise<ManifestSeal> {
  await claimFolder(storage, folder, of)
  const written = []
  for (const [path, content] of Object.entries(files))
    written.push({
      path,
      ...(await storage.write(`${folder}/${path}`, Readable.from([Buffer.from(content)]), signal)),
    })
  return await sealFolder(storage, folder, of, written, signal)
}
