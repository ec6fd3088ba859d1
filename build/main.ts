// Room: what is made of the sources: bundles, executables, images, releases. A command, and what all parts need.
// Read main, project, processes, cache.

import { mkdirSync } from 'node:fs'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure } from '../operation/failure.ts'
import { buildExecutable } from './executable.ts'
import { buildWorkerImages, bundlePrograms } from './images/worker-images.ts'
import { imagePlatforms, platforms } from './platforms/platforms.ts'
import { buildRelease } from './release/contents.ts'
import { buildDownloads } from './release/downloads.ts'
import { committed, writeProvenance } from './release/provenance.ts'
import { distFolder, projectFolder } from './project.ts'
import { buildTestImages } from './test-images.ts'

const usage = `usage: npm run build -- [--only PART]... [--published-bases]

parts; without a name worker, plugin and images:
  worker        dist/worker/ and dist/guard/, the worker and its guard
  plugin        dist/kubectl-scalardl, the plugin as one executable file
  archives      dist/release/*.tar.gz, the plugin for each platform, and scalardl.yaml, krew's manifest
  images        dist/images/*.tar, the worker's images for both architectures as OCI archives
  release       dist/release, all of it, for the version in package.json
  test-images   dist/test-images/*.tar, the images that only tests use

--published-bases   put the test images on the published base images instead of on ones made of this machine's packages
`

const parts = {
  worker: () => bundlePrograms(),
  plugin: async () => [await buildExecutable()],
  archives: () => buildDownloads(platforms),
  release: async () => {
    const commit = await committed()
    return [...(await buildRelease()), writeProvenance(commit)]
  },
  images: async () => Object.values(await buildWorkerImages(imagePlatforms)),
  'test-images': async (publishedBases: boolean) => Object.values(await buildTestImages({ publishedBases })),
}

type Part = keyof typeof parts

function isPart(name: string): name is Part {
  return Object.hasOwn(parts, name)
}

async function main(args: string[]): Promise<void> {
  const options = {
    only: { type: 'string', multiple: true },
    'published-bases': { type: 'boolean', default: false },
  } as const
  const { values } = parseArgs({ args, options })
  mkdirSync(distFolder, { recursive: true })
  for (const part of values.only ?? ['worker', 'plugin', 'images']) {
    if (!isPart(part)) {
      throw new Failure({
        what: `The build has no part ${part}`,
        why: `its parts are ${Object.keys(parts).join(', ')}`,
        next: usage,
      })
    }
    const made = await parts[part](values['published-bases'])
    process.stdout.write(made.map((file) => `${relative(projectFolder, file)}\n`).join(''))
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const lines =
    error instanceof Failure ? [error.what, `  why: ${error.why}`, `  next: ${error.next}`] : [String(error), usage]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = 1
}
