import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { standInBase } from './base-image.ts'
import { buildah } from './buildah.ts'
import { bundleModule } from './bundle.ts'
import { distFolder, projectFolder, projectVersion } from './project.ts'
import { hashOf, unlessMade } from './up-to-date.ts'
import { withProgress } from './waiting.ts'

/** The images of this version, as the plugin names them in its Jobs. */
export const workerImage = `ghcr.io/kubectl-scalardl/worker:${projectVersion()}`
export const workerSqlImage = `ghcr.io/kubectl-scalardl/worker-sql:${projectVersion()}`

export interface Image {
  name: string
  dockerfile: string
  target?: string
  /** the build argument that names the base image */
  baseArgument: string
  /** the base image; the one that the Dockerfile names when undefined */
  base: string | undefined
  /** what the Dockerfile copies, relative to the project */
  copies: string[]
  /** where its OCI archive goes */
  archive: string
}

/** Makes dist/worker.mjs and dist/guard.mjs, the programs of both images, and returns their paths. */
export async function bundlePrograms(): Promise<string[]> {
  return Promise.all([bundleModule('job/main.ts', 'worker'), bundleModule('job/guard-main.ts', 'guard')])
}

/**
 * Makes dist/images/worker.tar and worker-sql.tar, OCI archives that any cluster can import, and returns their paths.
 */
export async function buildWorkerImages(options: {
  publishedBases: boolean
}): Promise<{ worker: string; workerSql: string }> {
  await bundlePrograms()
  const image = {
    dockerfile: 'Dockerfile',
    baseArgument: 'NODE_IMAGE',
    base: options.publishedBases ? undefined : await standInBase(),
    copies: ['worker', 'guard'].flatMap((name) => [`dist/${name}.mjs`, `dist/${name}.mjs.licenses.txt`]),
  }
  const folder = join(distFolder, 'images')
  const worker = await buildImage({
    ...image,
    name: workerImage,
    target: 'worker',
    archive: join(folder, 'worker.tar'),
  })
  const workerSql = await buildImage({
    ...image,
    name: workerSqlImage,
    target: 'worker-sql',
    archive: join(folder, 'worker-sql.tar'),
  })
  return { worker, workerSql }
}

/** Builds one image into its archive unless that is there and was made of the same; returns the archive's path. */
export async function buildImage(image: Image): Promise<string> {
  const files = [image.dockerfile, ...image.copies].map((file) => join(projectFolder, file))
  const inputs = await hashOf({ texts: [image.name, image.target ?? '', image.base ?? ''], files })
  await unlessMade(image.archive, inputs, () => withProgress(`building ${image.name}`, () => make(image)))
  return image.archive
}

async function make(image: Image): Promise<void> {
  const base =
    image.base === undefined
      ? ['--pull-always']
      : ['--build-arg', `${image.baseArgument}=${image.base}`, '--pull-never']
  const target = image.target === undefined ? [] : ['--target', image.target]
  const file = ['--file', join(projectFolder, image.dockerfile)]
  await buildah(
    ['bud', '--isolation', 'chroot', '--layers', ...base, ...target, ...file, '--tag', image.name, projectFolder],
    {
      timeoutMs: 900_000,
    },
  )
  mkdirSync(join(image.archive, '..'), { recursive: true })
  const fresh = `${image.archive}.new`
  rmSync(fresh, { force: true })
  await buildah(['push', image.name, `oci-archive:${fresh}:${image.name}`])
  renameSync(fresh, image.archive)
}
