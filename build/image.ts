import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildah } from './buildah.ts'
import { projectFolder } from './project.ts'
import { hashOf, unlessMade } from './up-to-date.ts'
import { withProgress } from './waiting.ts'

/** An image that only tests use, of a Dockerfile on a base image. */
export interface Image {
  name: string
  dockerfile: string
  /** the build argument that names the base image */
  baseArgument: string
  /** the base image; the one that the Dockerfile names when undefined */
  base: string | undefined
  /** what the Dockerfile copies, relative to the project */
  copies: string[]
  /** where its OCI archive goes */
  archive: string
}

/** Builds one image into its archive unless that is there and was made of the same; returns the archive's path. */
export async function buildImage(image: Image): Promise<string> {
  const files = [image.dockerfile, ...image.copies].map((file) => join(projectFolder, file))
  const inputs = await hashOf({ texts: [image.name, image.base ?? ''], files })
  await unlessMade(image.archive, inputs, () => withProgress(`building ${image.name}`, () => make(image)))
  return image.archive
}

async function make(image: Image): Promise<void> {
  const base =
    image.base === undefined
      ? ['--pull-always']
      : ['--build-arg', `${image.baseArgument}=${image.base}`, '--pull-never']
  const file = ['--file', join(projectFolder, image.dockerfile)]
  await buildah(['bud', '--isolation', 'chroot', '--layers', ...base, ...file, '--tag', image.name, projectFolder], {
    timeoutMs: 900_000,
  })
  mkdirSync(join(image.archive, '..'), { recursive: true })
  const fresh = `${image.archive}.new`
  rmSync(fresh, { force: true })
  await buildah(['push', image.name, `oci-archive:${fresh}:${image.name}`])
  renameSync(fresh, image.archive)
}
