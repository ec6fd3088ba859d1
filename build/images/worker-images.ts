// Room: the images of the worker, for every architecture, made of Debian's packages and of Node's release.
// Read worker-images, root, debian-packages.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildah } from '../buildah.ts'
import { bundleProgram, packagesBeside } from '../bundle/bundle.ts'
import type { ImagePlatform } from '../platforms/platforms.ts'
import { run } from '../processes.ts'
import { distFolder, projectFolder, projectVersion } from '../project.ts'
import { meetRequirements } from '../requirements.ts'
import { billOfMaterials, type Component } from '../bundle/bill-of-materials.ts'
import { sameBytes } from '../tar.ts'
import { hashOf, unlessMade } from '../up-to-date.ts'
import { withProgress } from '../waiting.ts'
import { makeRoots, starterScript } from './root.ts'

const registry = 'ghcr.io/kubectl-scalardl'
const source = 'https://github.com/kubectl-scalardl/kubectl-scalardl'

/** The images of this version, as the plugin names them in its Jobs. */
export const workerImage = `${registry}/worker:${projectVersion()}`
export const workerSqlImage = `${registry}/worker-sql:${projectVersion()}`

/** Makes dist/worker/ and dist/guard/, the programs of both images, and returns the paths of their files. */
export async function bundlePrograms(): Promise<string[]> {
  return [...(await bundleProgram('job/main.ts', 'worker')), ...(await bundleProgram('job/guard-main.ts', 'guard'))]
}

/**
 * Makes worker.tar and worker-sql.tar in a folder, OCI archives that any cluster can import, with a list of what is in
 * each (CycloneDX) beside it; returns the archives' paths. For several platforms an archive holds an index of images.
 * The same packages give the same bytes.
 */
export async function buildWorkerImages(
  platforms: readonly ImagePlatform[],
  folder = join(distFolder, 'images'),
): Promise<{ worker: string; workerSql: string }> {
  await meetRequirements({
    purpose: "The worker's image",
    programs: { buildah: 'buildah', 'apt-get': 'apt', 'dpkg-deb': 'dpkg' },
    otherwise: 'take the published images',
  })
  const programs = await bundlePrograms()
  const inputs = await hashOf({
    texts: [projectVersion(), ...platforms.map(({ arch }) => arch)],
    files: [
      ...programs,
      join(projectFolder, 'Dockerfile'),
      starterScript,
      ...['root', 'debian-packages', 'worker-images'].map((name) => join(import.meta.dirname, `${name}.ts`)),
      join(import.meta.dirname, '../platforms/platforms.ts'),
    ],
  })
  mkdirSync(folder, { recursive: true })
  const archives = { worker: join(folder, 'worker.tar'), workerSql: join(folder, 'worker-sql.tar') }
  // Both or neither: they share what they are made of.
  await unlessMade(archives.workerSql, inputs, async () => {
    const roots = []
    for (const platform of platforms) roots.push(await makeRoots(platform))
    await make({ name: workerImage, target: 'worker', archive: archives.worker, platforms })
    await make({ name: workerSqlImage, target: 'worker-sql', archive: archives.workerSql, platforms })
    await listContents(
      archives.worker,
      'worker',
      roots.flatMap(({ baseParts }) => baseParts),
    )
    await listContents(
      archives.workerSql,
      'worker-sql',
      roots.flatMap(({ sqlParts }) => sqlParts),
    )
  })
  return archives
}

interface Image {
  name: string
  target: string
  archive: string
  platforms: readonly ImagePlatform[]
}

async function make({ name, target, archive, platforms }: Image): Promise<void> {
  const labels = {
    title: `kubectl-scalardl ${target}`,
    description: 'The worker and its guard: what the Jobs of kubectl-scalardl run',
    version: projectVersion(),
    licenses: 'Apache-2.0',
    source,
  }
  const described = Object.entries(labels).flatMap(([key, value]) => [
    '--label',
    `org.opencontainers.image.${key}=${value}`,
  ])
  const same = ['--timestamp', '0', '--identity-label=false']
  const fresh = `${archive}.new`
  const layout = `${archive}.layout`
  for (const left of [fresh, layout]) rmSync(left, { recursive: true, force: true })
  await withProgress(`building ${name}`, async () => {
    const index = `localhost/kubectl-scalardl-index:${target}`
    await buildah(['manifest', 'rm', index]).catch(() => undefined)
    for (const { arch } of platforms) {
      const one = ['--isolation', 'chroot', '--platform', `linux/${arch}`, '--target', target]
      const as = platforms.length > 1 ? ['--manifest', index] : ['--tag', name]
      await buildah(['bud', ...one, ...same, ...described, ...as, projectFolder], { timeoutMs: 900_000 })
    }
    const to = `oci:${layout}:${name}`
    await buildah(platforms.length > 1 ? ['manifest', 'push', '--all', index, to] : ['push', name, to])
    // An archive of buildah's own has the times at which its files were made.
    const parts = ['--directory', layout, 'oci-layout', 'index.json', 'blobs']
    await run('tar', ['--create', '--file', fresh, ...sameBytes, ...parts], { timeoutMs: 300_000 })
    rmSync(layout, { recursive: true })
  })
  renameSync(fresh, archive)
}

async function listContents(archive: string, target: string, parts: readonly Component[]): Promise<void> {
  const packages = packagesBeside(join(distFolder, 'worker', 'worker.cjs'))
  const contents = await billOfMaterials({ type: 'container', name: `kubectl-scalardl/${target}` }, packages, parts)
  writeFileSync(`${archive}.cdx.json`, contents)
}
