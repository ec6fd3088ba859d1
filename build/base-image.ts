import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../operation/failure.ts'
import { buildah } from './buildah.ts'
import { cacheFolder } from './cache.ts'
import { withLock } from './lock.ts'
import { run } from './processes.ts'
import { projectFolder } from './project.ts'
import { findProgram, meetRequirements } from './requirements.ts'
import { hashOf } from './up-to-date.ts'
import { withProgress } from './waiting.ts'

const release = 'trixie'
const nodePackage = join(projectFolder, 'node_modules', 'node')
/** What Node's program is linked with, beyond the C library. */
const libraries = ['libatomic1', 'libstdc++6']
/** What a running container has no use for. */
const excluded = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
]

/**
 * A base image that stands in for the published node:26-trixie-slim where no registry can be reached: Debian's packages
 * from this machine's own mirror, with Node from the npm package `node`. Made once, about a minute; returns its name.
 */
export async function standInBase(): Promise<string> {
  const inputs = await hashOf({ files: [import.meta.filename, join(nodePackage, 'package.json')] })
  const image = `localhost/kubectl-scalardl-base:${inputs.slice(0, 16)}`
  await meetRequirements({
    purpose: 'A base image',
    programs: { buildah: 'buildah', debootstrap: 'debootstrap', tar: 'tar', 'apt-get': 'apt' },
    otherwise: 'use the published base images: npm run build -- --published-bases',
  })
  await withLock(join(cacheFolder(), 'base-image.lock'), async () => {
    const known = await buildah(['images', '--format', '{{.Name}}:{{.Tag}}'])
    if (!known.split('\n').includes(image)) await withProgress('making a base image, once', () => makeBase(image))
  })
  return image
}

async function makeBase(image: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'base-image-'))
  try {
    const root = join(folder, 'root')
    const { debian, security } = await debianMirrors()
    const include = `--include=${libraries.join(',')}`
    await run(findProgram('debootstrap') ?? 'debootstrap', ['--variant=minbase', include, release, root, debian], {
      timeoutMs: 900_000,
    })
    for (const path of excluded) rmSync(join(root, path), { recursive: true, force: true })
    mkdirSync(join(root, 'var/log'))
    mkdirSync(join(root, 'var/cache/apt/archives/partial'), { recursive: true })
    writeFileSync(join(root, 'etc/apt/sources.list'), sources(debian, security))
    // A mirror whose lists this machine takes although they are old is that old for the image too.
    writeFileSync(
      join(root, 'etc/apt/apt.conf.d/mirror'),
      await run('apt-config', ['dump', 'Acquire::Check-Valid-Until']),
    )
    writeFileSync(
      join(root, 'etc/dpkg/dpkg.cfg.d/excludes'),
      excluded
        .slice(0, 4)
        .map((path) => `path-exclude /${path}/*\n`)
        .join(''),
    )
    copyFileSync(join(nodePackage, 'bin', 'node'), join(root, 'usr/local/bin/node'))
    await run('tar', ['--create', '--file', join(folder, 'root.tar'), '--directory', root, '--exclude=./dev/*', '.'], {
      timeoutMs: 300_000,
    })
    rmSync(root, { recursive: true })
    writeFileSync(
      join(folder, 'Dockerfile'),
      'FROM scratch\nADD root.tar /\nENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n',
    )
    await buildah(['bud', '--isolation', 'chroot', '--tag', image, folder])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function sources(debian: string, security: string | undefined): string {
  const lines = [`deb ${debian} ${release} main`, `deb ${debian} ${release}-updates main`]
  if (security !== undefined) lines.push(`deb ${security} ${release}-security main`)
  return `${lines.join('\n')}\n`
}

/** Where this machine itself gets Debian from, as apt understands its own sources. @throws Failure where it does not */
export async function debianMirrors(): Promise<{ debian: string; security: string | undefined }> {
  const targets = await run('apt-get', ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Created-By: Packages'])
  const uris = new Map(
    targets
      .trim()
      .split('\n')
      .map((line) => line.split(' ', 2) as [string, string]),
  )
  const debian = uris.get('Debian')
  if (debian !== undefined) return { debian, security: uris.get('Debian-Security') }
  throw new Failure({
    what: 'A base image cannot be made on this machine',
    why: `its apt knows no mirror of Debian, only ${[...uris.keys()].join(', ') || 'nothing yet'}`,
    next:
      'On Debian run `apt-get update`; ' +
      'elsewhere use the published base images: npm run build -- --published-bases.',
  })
}
