import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { formatManifest, manifestFile, type DumpedFile, type DumpOwner, type ManifestSeal } from './manifest.ts'

/** Lists every file of a local folder, not published yet, with size and SHA-256, and writes that list into it. */
export async function writeManifest(folder: string, of: DumpOwner, signal: AbortSignal): Promise<ManifestSeal> {
  const files: DumpedFile[] = []
  for (const path of await filesBelow(folder)) {
    files.push({
      path,
      bytes: (await stat(join(folder, path))).size,
      sha256: await sha256(join(folder, path), signal),
    })
  }
  const { text, seal } = formatManifest(of, files)
  await writeFile(join(folder, manifestFile), text)
  return seal
}

/** Bytes of all files below a folder that is still being written. */
export async function bytesBelow(folder: string): Promise<number> {
  const paths = await filesBelow(folder).catch(() => [])
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(join(folder, path)).then(
        (found) => found.size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== manifestFile)
    .sort()
}

async function sha256(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal })
  return hash.digest('hex')
}
