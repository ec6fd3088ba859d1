import { Readable } from 'node:stream'
import type { Storage } from '../../storage/storage.ts'
import {
  formatManifest,
  manifestFile,
  readOwner,
  type DumpedFile,
  type DumpOwner,
  type ManifestSeal,
} from './manifest.ts'

/** How long the first manifest, a few bytes, may take to be written, ms. */
const claimMs = 60_000

/**
 * Makes a folder of a storage an operation's own, before anything is written into it: a manifest without files comes
 * first, and only one can write it. What a killed run of the same operation left there is removed. Whoever is to
 * stop lets it end: only then it is known whether there is something to remove.
 * @throws Failure where the folder is somebody else's
 */
export async function claimFolder(storage: Storage, folder: string, of: DumpOwner): Promise<void> {
  const owner = await readOwner(storage, folder)
  if (owner?.operation === of.operation && owner.database === of.database) await storage.delete(folder)
  const content = contentOf(formatManifest(of, []).text)
  await storage.write(`${folder}/${manifestFile}`, content, AbortSignal.timeout(claimMs))
}

/**
 * Writes the manifest of a whole dump, in the place of the empty one, once nothing else is written there. An upload
 * that was begun twice, since the first answer was lost, is removed.
 * @returns what the record keeps of the manifest
 */
export async function sealFolder(
  storage: Storage,
  folder: string,
  of: DumpOwner,
  files: readonly DumpedFile[],
  signal: AbortSignal,
): Promise<ManifestSeal> {
  await storage.removeUnfinished(folder)
  const { text, seal } = formatManifest(of, files)
  await storage.replace(`${folder}/${manifestFile}`, contentOf(text), signal)
  return seal
}

function contentOf(text: string): Readable {
  return Readable.from([Buffer.from(text)])
}
