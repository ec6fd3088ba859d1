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
  const { sizes, surplus } = await filesBelow(storage, folder, new Set(manifest.files.map(({ path }) => path)))
  for (const file of manifest.files) {
    const bytes = sizes.get(file.path)
    if (bytes === undefined) throw damaged(title, `${file.path} is missing`)
    if (bytes !== file.bytes) throw damaged(title, `${file.path} has ${bytes} bytes instead of ${file.bytes}`)
    const content = await readVerified({ storage, folder, title }, file)
    await pipeline(content, nothingKept, { signal })
    // Named twice, a file is missing.
    sizes.delete(file.path)
  }
  if (surplus !== undefined) throw damaged(title, `${surplus} was not part of it`)
  return manifest
}

async function nothingKept(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of chunks) void chunk
}

/**
 * The sizes of a dump's own files, by their paths within the folder, and the first one that is none. Whoever fills the
 * folder with others has none of them remembered.
 */
async function filesBelow(
  storage: Storage,
  folder: string,
  own: ReadonlySet<string>,
): Promise<{ sizes: Map<string, number>; surplus: string | undefined }> {
  const sizes = new Map<string, number>()
  let surplus: string | undefined
  for await (const { path, bytes } of storage.list(folder)) {
    const within = path.slice(folder.length + 1)
    if (within === manifestFile) continue
    if (own.has(within)) sizes.set(within, bytes)
    else surplus ??= within
  }
  return { sizes, surplus }
}
