import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { bundlePlugin, licensesBeside, packagesBeside } from '../bundle/bundle.ts'
import { run } from '../processes.ts'
import { distFolder, projectFolder } from '../project.ts'
import { sameBytes } from '../tar.ts'
import { billOfMaterials } from '../bundle/bill-of-materials.ts'
import { hashOf, unlessMade } from '../up-to-date.ts'
import { withProgress } from '../waiting.ts'
import { buildExecutableFor } from './executables.ts'
import { nodeLicense, nodePart } from './node-program.ts'
import { archiveName, executableName, platformName, type Platform } from './platforms.ts'

/** Where the build leaves what a release offers for download. */
export const releaseFolder = join(distFolder, 'release')

/**
 * Makes the archives that krew and people install from, each with the licenses of what is in it and a list of that
 * (CycloneDX) beside it; returns their paths. The same input gives the same bytes.
 */
export async function buildArchives(platforms: readonly Platform[]): Promise<string[]> {
  mkdirSync(releaseFolder, { recursive: true })
  const bundle = await bundlePlugin()
  const archives: string[] = []
  for (const platform of platforms) {
    const executable = await buildExecutableFor(platform, bundle)
    const files = [
      { file: executable, as: executableName(platform) },
      { file: join(projectFolder, 'LICENSE'), as: 'LICENSE' },
      { file: licensesBeside(bundle), as: 'third-party-licenses.txt' },
      { file: await nodeLicense(), as: 'node-license.txt' },
    ]
    const archive = join(releaseFolder, archiveName(platform))
    await unlessMade(archive, await hashOf({ files: [...files.map(({ file }) => file), import.meta.filename] }), () =>
      withProgress(`packing ${basename(archive)}`, () => pack(archive, files)),
    )
    const contents = await billOfMaterials(
      { type: 'application', name: `kubectl-scalardl-${platformName(platform)}` },
      packagesBeside(bundle),
      [nodePart(platform)],
    )
    writeFileSync(`${archive}.cdx.json`, contents)
    archives.push(archive)
  }
  return archives
}

/** Puts files into an archive, with owners, order and times that are always the same. */
async function pack(archive: string, files: readonly { file: string; as: string }[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'archive-'))
  try {
    for (const { file, as } of files) symlinkSync(file, join(folder, as))
    const fresh = `${archive}.new`
    const compressed = ['--use-compress-program=gzip -n', '--file', fresh]
    const members = ['--dereference', '--directory', folder, ...files.map(({ as }) => as)]
    await run('tar', ['--create', ...compressed, ...sameBytes, ...members], { timeoutMs: 300_000 })
    renameSync(fresh, archive)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
