import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { buildExecutable, executableLicenses } from './executable.ts'
import { run } from './processes.ts'
import { distFolder, projectFolder, projectVersion } from './project.ts'
import { hashOf, unlessMade } from './up-to-date.ts'
import { withProgress } from './waiting.ts'

/** The file that a release offers for download. */
export const archiveName = 'kubectl-scalardl-linux-amd64.tar.gz'

/** Makes the archive that krew installs from, its .sha256 and dist/krew.yaml; returns the archive's path. */
export async function buildKrewArchive(): Promise<string> {
  const executable = await buildExecutable()
  const files = [executable, join(projectFolder, 'LICENSE'), executableLicenses]
  const archive = join(distFolder, archiveName)
  await unlessMade(archive, await hashOf({ files }), () =>
    withProgress(`packing ${archiveName}`, () => pack(archive, files)),
  )
  const sha256 = await hashOf({ files: [archive] })
  writeFileSync(`${archive}.sha256`, `${sha256}  ${archiveName}\n`)
  const manifest = fillManifest(readFileSync(join(projectFolder, 'krew.yaml'), 'utf8'), projectVersion(), sha256)
  writeFileSync(join(distFolder, 'krew.yaml'), manifest)
  return archive
}

/** The manifest with the version and the sha256 of a build in place of the template's. */
export function fillManifest(template: string, version: string, sha256: string): string {
  const document = parseDocument(template)
  const platform = ['spec', 'platforms', 0]
  const address = new URL(String(document.getIn([...platform, 'uri'])))
  address.pathname = address.pathname.replace(/\/v[^/]+\/[^/]+$/, `/v${version}/${archiveName}`)
  document.setIn(['spec', 'version'], `v${version}`)
  document.setIn([...platform, 'uri'], address.href)
  document.setIn([...platform, 'sha256'], sha256)
  document.commentBefore = null
  return document.toString({ lineWidth: 0 })
}

// The same input gives the same bytes: owners, order and times are fixed.
async function pack(archive: string, files: string[]): Promise<void> {
  const same = [
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--sort=name',
    '--mtime=@0',
    '--transform=s/^plugin.cjs.licenses/third-party-licenses/',
  ]
  const members = files.flatMap((file) => ['--directory', dirname(file), file.slice(dirname(file).length + 1)])
  const fresh = `${archive}.new`
  await run('tar', ['--create', '--use-compress-program=gzip -n', '--file', fresh, ...same, ...members], {
    timeoutMs: 300_000,
  })
  renameSync(fresh, archive)
}
