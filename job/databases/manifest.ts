import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { Failure } from '../../operation/failure.ts'
import type { Storage } from '../storage/storage.ts'
import { readText } from '../storage/text.ts'

/** The list of a dump's files, in the dump's own folder. */
export const manifestFile = 'manifest.json'

const manifestSchema = z.object({
  version: z.literal(1),
  /** whose dump of what this is */
  operation: z.string(),
  database: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
})
type Manifest = z.infer<typeof manifestSchema>

/** What a record keeps of a manifest, so that a dump and its manifest cannot be changed together unseen. */
export interface ManifestSeal {
  sha256: string
  /** of all files, the manifest's own included */
  bytes: number
}

/** Lists every file of a local folder, not published yet, with size and SHA-256, and writes that list into it. */
export async function writeManifest(
  folder: string,
  of: Pick<Manifest, 'operation' | 'database'>,
  signal: AbortSignal,
): Promise<ManifestSeal> {
  const files: Manifest['files'] = []
  for (const path of await filesBelow(folder)) {
    files.push({
      path,
      bytes: (await stat(join(folder, path))).size,
      sha256: await sha256(createReadStream(join(folder, path), { highWaterMark: 1 << 20 }), signal),
    })
  }
  const text = `${JSON.stringify({ version: 1, ...of, files } satisfies Manifest, null, 1)}\n`
  await writeFile(join(folder, manifestFile), text)
  return {
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: files.reduce((sum, file) => sum + file.bytes, Buffer.byteLength(text)),
  }
}

/** Whose dump of what a folder holds, undefined where it has no manifest that can be read. */
export async function readOwner(
  storage: Storage,
  folder: string,
): Promise<Pick<Manifest, 'operation' | 'database'> | undefined> {
  const text = (await readText(storage, `${folder}/${manifestFile}`).catch(() => undefined)) ?? '{}'
  return manifestSchema.safeParse(tryJson(text)).data
}

/**
 * Reads every file of a folder and compares it with its manifest, and the manifest with the record. No more than a few
 * chunks of a file are in memory at once.
 * @throws Failure naming the first file that is missing, surplus or changed by as little as one bit
 */
export async function verifyManifest(
  storage: Storage,
  folder: string,
  title: string,
  seal: Pick<ManifestSeal, 'sha256'>,
  signal: AbortSignal,
): Promise<void> {
  const damaged = (why: string) =>
    new Failure({
      what: `the backup of ${title} is damaged`,
      why,
      next: 'restore another backup; nothing has been changed. Check the volume that holds this one',
    })
  const text = await readText(storage, `${folder}/${manifestFile}`)
  if (text === undefined) throw damaged(`${manifestFile} is missing`)
  if (createHash('sha256').update(text).digest('hex') !== seal.sha256)
    throw damaged(`${manifestFile} is not the one that the backup's record tells of`)
  const manifest = manifestSchema.parse(tryJson(text))
  const present = await sizesBelow(storage, folder)
  for (const file of manifest.files) {
    const bytes = present.get(file.path)
    if (bytes === undefined) throw damaged(`${file.path} is missing`)
    if (bytes !== file.bytes) throw damaged(`${file.path} has ${bytes} bytes instead of ${file.bytes}`)
    const content = await storage.read(`${folder}/${file.path}`)
    if (content === undefined) throw damaged(`${file.path} is missing`)
    if ((await sha256(content, signal)) !== file.sha256)
      throw damaged(`the content of ${file.path} has changed since the backup`)
    present.delete(file.path)
  }
  const [surplus] = present.keys()
  if (surplus !== undefined) throw damaged(`${surplus} was not part of it`)
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

/** Every file but the manifest with its size, by its path within the folder. */
async function sizesBelow(storage: Storage, folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { path, bytes } of storage.list(folder)) sizes.set(path.slice(folder.length + 1), bytes)
  sizes.delete(manifestFile)
  return sizes
}

async function sha256(content: Readable, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(content, hash, { signal })
  return hash.digest('hex')
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
