// Room: all that a release consists of, and the one command that makes it.
// Read main, contents, changelog, provenance, then downloads (with krew-manifest, krew-programs).

import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildWorkerImages, workerImage, workerSqlImage } from '../images/worker-images.ts'
import { releaseFolder } from '../platforms/archives.ts'
import { imagePlatforms, platforms } from '../platforms/platforms.ts'
import { projectFolder, projectVersion } from '../project.ts'
import { hashOf } from '../up-to-date.ts'
import { notesOf } from './changelog.ts'
import { buildDownloads } from './downloads.ts'

/** What `manifests/install/kustomization.yaml` names, in its order. */
const installation = ['service-account', 'role', 'role-binding']

/**
 * Makes dist/release anew, with everything that a release of this version offers: the archives of all platforms, krew's
 * manifest, the images and their names, the manifest of an installation, the notes, and the SHA-256 of each. Returns
 * the paths.
 */
export async function buildRelease(): Promise<string[]> {
  rmSync(releaseFolder, { recursive: true, force: true })
  await buildDownloads(platforms)
  await buildWorkerImages(imagePlatforms, releaseFolder)
  const put = (name: string, text: string) => writeFileSync(join(releaseFolder, name), text)
  put('images.txt', `${workerImage}\n${workerSqlImage}\n`)
  const manifest = (name: string) => readFileSync(join(projectFolder, 'manifests', 'install', `${name}.yaml`), 'utf8')
  put('install.yaml', installation.map(manifest).join('---\n'))
  put('notes.md', notesOf(readFileSync(join(projectFolder, 'CHANGELOG.md'), 'utf8'), projectVersion()))
  const files = globSync(join(releaseFolder, '*')).sort()
  const sums = []
  for (const file of files) sums.push(`${await hashOf({ files: [file] })}  ${basename(file)}\n`)
  put('checksums.txt', sums.join(''))
  return [...files, join(releaseFolder, 'checksums.txt')]
}
