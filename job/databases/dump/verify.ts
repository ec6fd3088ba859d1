import { pipeline } from 'node:stream/promises'
import type { Storage } from '../../storage/storage.ts'
import { damaged, manifestFile, readManifest, type Manifest, type ManifestSeal } from './manifest.ts'
import { readVerified } from './read-verified.ts'

/**
 * The first of two passes over a dump: reads every file and compares it with the manifest, and the manifest with the
 * record, so that damage is known before anything is made. The second is the load, which reads by readVerified(). No
 * more than a few chunks of a file are in memory at once.
 * @param title the database, for errors
 * @throws Failure naming the first file that is missing, surplus or changed by as little as one bit
 */
export async function verifyDump(
  storage: Storage,
  folder: string,
  title: string,
  seal: Pick<ManifestSeal, 'sha256'>,
  signal: AbortSignal,
): Promise<Manifest> {
  const manifest = await readManifest(storage, folder, title, seal)
  const present = await sizesBelow(storage, folder)
  for (const file of manifest.files) {
    const bytes = present.get(file.path)
    if (bytes === undefined) throw damaged(title, `${file.path} is missing`)
    if (bytes !== file.bytes) throw damaged(title, `${file.path} has ${bytes} bytes instead of ${file.bytes}`)
    const content = await readVerified({ storage, folder, title }, file)
    await pipeline(content, nothingKept, { signal })
    present.delete(file.path)
  }
  const [surplus] = present.keys()
  if (surplus !== undefined) throw damaged(title, `${surplus} was not part of it`)
  return manifest
}

async function nothingKept(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of chunks) void chunk
}

/** Every file but the manifest with its size, by its path within the folder. */
async function sizesBelow(storage: Storage, folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { path, bytes } of storage.list(folder)) sizes.set(path.slice(folder.length + 1), bytes)
  sizes.delete(manifestFile)
  return sizes
}
