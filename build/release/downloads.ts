import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildArchives, releaseFolder } from '../platforms/archives.ts'
import type { Platform } from '../platforms/platforms.ts'
import { projectVersion } from '../project.ts'
import { hashOf } from '../up-to-date.ts'
import { fillManifest, krewTemplate } from './krew-manifest.ts'
import { validateManifest } from './krew-programs.ts'

/**
 * Makes the archives of some platforms and krew's manifest for them, which krew's validator accepts; returns the paths.
 */
export async function buildDownloads(platforms: readonly Platform[]): Promise<string[]> {
  const archives = await buildArchives(platforms)
  const sums = new Map<string, string>()
  for (const archive of archives) sums.set(basename(archive), await hashOf({ files: [archive] }))
  const manifest = join(releaseFolder, 'scalardl.yaml')
  writeFileSync(manifest, fillManifest(krewTemplate(), projectVersion(), sums))
  await validateManifest(manifest)
  return [...archives, manifest]
}
