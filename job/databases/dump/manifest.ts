// Room: what every kind of database that is dumped into files shares: the list of them, how they are read again, and
// how the restored data is put in service and back.
// Read manifest, own-folder, write-file, verify, read-verified, read-unpacked, share-out, progress; then
// restore-target (what a kind does), destination, restored, way-back, names, mark.

import { createHash } from 'node:crypto'
import * as z from 'zod'
import { Failure } from '../../../operation/failure.ts'
import { isStoragePath } from '../../storage/path.ts'
import type { Storage } from '../../storage/storage.ts'
import { readText } from '../../storage/text.ts'

/** The list of a dump's files, in the dump's own folder. */
export const manifestFile = 'manifest.json'

/** A file of a dump as it was written. */
const fileSchema = z.object({
  /** from the dump's own folder */
  path: z.string().refine(isStoragePath),
  bytes: z.int().min(0),
  /** hexadecimal */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type DumpedFile = z.infer<typeof fileSchema>

const manifestSchema = z.object({
  version: z.literal(1),
  /** whose dump of what this is */
  operation: z.string(),
  database: z.string(),
  files: z.array(fileSchema),
})
export type Manifest = z.infer<typeof manifestSchema>

/** Whose dump of what a folder holds. */
export type DumpOwner = Pick<Manifest, 'operation' | 'database'>

/** What a record keeps of a manifest, so that a dump and its manifest cannot be changed together unseen. */
export interface ManifestSeal {
  /** of the manifest's own text, hexadecimal */
  sha256: string
  /** of all files, the manifest's own included */
  bytes: number
}

/** What a backup's entry keeps of its manifest, whatever else its kind records; undefined where it has none. */
export function sealOf({ details }: { details: Record<string, unknown> }): Pick<ManifestSeal, 'sha256'> | undefined {
  const { manifestSha256: sha256 } = details
  return typeof sha256 === 'string' ? { sha256 } : undefined
}

/** The text of a manifest, and what the record has to keep of it. */
export function formatManifest(of: DumpOwner, files: readonly DumpedFile[]): { text: string; seal: ManifestSeal } {
  const text = `${JSON.stringify({ version: 1, ...of, files: [...files] } satisfies Manifest, null, 1)}\n`
  const bytes = files.reduce((sum, file) => sum + file.bytes, Buffer.byteLength(text))
  return { text, seal: { sha256: sha256(text), bytes } }
}

/** Whose dump of what a folder holds, undefined where it has no manifest. @throws Failure where that cannot be read */
export async function readOwner(
  storage: Storage,
  folder: string,
): Promise<(DumpOwner & Pick<ManifestSeal, 'sha256'>) | undefined> {
  const text = (await readManifestText(storage, folder)) ?? '{}'
  const { data } = manifestSchema.safeParse(tryJson(text))
  return data && { operation: data.operation, database: data.database, sha256: sha256(text) }
}

/**
 * The manifest of a dump, which the record seals.
 * @param title the database, for errors
 * @throws Failure where it is missing, or another than the record tells of
 */
export async function readManifest(
  storage: Storage,
  folder: string,
  title: string,
  seal: Pick<ManifestSeal, 'sha256'>,
): Promise<Manifest> {
  const text = await readManifestText(storage, folder)
  if (text === undefined) throw damaged(title, `${manifestFile} is missing`)
  if (sha256(text) !== seal.sha256)
    throw damaged(title, `${manifestFile} is not the one that the backup's record tells of`)
  const { data } = manifestSchema.safeParse(tryJson(text))
  if (data === undefined) throw damaged(title, `${manifestFile} is no list of files`)
  return data
}

/** For a dump that is not what was written. */
export function damaged(title: string, why: string): Failure {
  return new Failure({
    what: `the backup of ${title} is damaged`,
    why,
    next: 'restore another backup; the data in service has not been changed. Check the storage that holds this one',
  })
}

async function readManifestText(storage: Storage, folder: string): Promise<string | undefined> {
  return await readText(storage, `${folder}/${manifestFile}`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
