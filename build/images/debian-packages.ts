import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fetchedOnce } from '../../test/stand-ins/fetched-once.ts'
import { debianMirrors } from '../base-image.ts'
import { run } from '../processes.ts'
import type { Component } from '../bundle/bill-of-materials.ts'
import { hashOf } from '../up-to-date.ts'

/** Packages of Debian, for one architecture. */
export interface Wanted {
  architecture: 'amd64' | 'arm64'
  /** packages that are taken with all that they need, as apt-get names them: NAME or NAME/RELEASE */
  needed: readonly string[]
  /** packages that are taken alone */
  alone: readonly string[]
}

/** Packages as apt fetched them and checked them against Debian's signed lists. */
export interface Fetched {
  /** the .deb files */
  files: string[]
  parts: Component[]
}

const stable = 'trixie'
/** Where the tools of databases come from that have to be newer than those of the stable release. */
export const newer = 'forky'
const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * Fetches packages of Debian with what they need, once, whatever this machine's own release and architecture are. Needs
 * apt, but no root. @throws Failure with apt's words
 */
export async function debianPackages(wanted: Wanted): Promise<Fetched> {
  const inputs = await hashOf({ texts: [JSON.stringify(wanted)], files: [import.meta.filename] })
  const folder = await fetchedOnce(`debian-${wanted.architecture}-${inputs.slice(0, 12)}`, async (arriving) => {
    const apt = join(arriving, 'apt')
    for (const path of ['state/lists/partial', 'cache/archives/partial', 'etc'])
      mkdirSync(join(apt, path), { recursive: true })
    // Nothing counts as installed, so everything is fetched.
    writeFileSync(join(apt, 'status'), '')
    writeFileSync(join(apt, 'etc/sources'), await sources(wanted.architecture))
    writeFileSync(join(apt, 'etc/preferences'), `Package: *\nPin: release n=${newer}\nPin-Priority: 100\n`)
    const own = {
      'Dir::State': join(apt, 'state'),
      'Dir::State::status': join(apt, 'status'),
      'Dir::Cache': join(apt, 'cache'),
      'Dir::Etc::sourcelist': join(apt, 'etc/sources'),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::Etc::preferences': join(apt, 'etc/preferences'),
      'Dir::Etc::preferencesparts': '/dev/null',
      'Debug::NoLocking': 'true',
      'APT::Architecture': wanted.architecture,
      'APT::Architectures::': wanted.architecture,
      'APT::Install-Recommends': 'false',
      'APT::Sandbox::User': 'root',
    }
    const options = Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    const aptGet = (...args: string[]) =>
      run('apt-get', [...options, '--quiet=2', ...args], { cwd: arriving, timeoutMs: 600_000 })
    await aptGet('update')
    if (wanted.needed.length > 0) await aptGet('install', '--download-only', '--yes', ...wanted.needed)
    if (wanted.alone.length > 0) await aptGet('download', ...wanted.alone)
    for (const file of globSync(join(apt, 'cache/archives/*.deb')))
      await run('mv', [file, join(arriving, basename(file))])
    rmSync(apt, { recursive: true })
  })
  const files = globSync(join(folder, '*.deb')).sort()
  return { files, parts: files.map((file) => partOf(file)) }
}

async function sources(architecture: string): Promise<string> {
  const { debian, security } = await debianMirrors()
  const from = `deb [arch=${architecture} signed-by=${keys}]`
  const lines = [
    `${from} ${debian} ${stable} main`,
    `${from} ${debian} ${stable}-updates main`,
    `${from} ${debian} ${newer} main`,
    ...(security === undefined ? [] : [`${from} ${security} ${stable}-security main`]),
  ]
  return `${lines.join('\n')}\n`
}

/** apt names its files NAME_VERSION_ARCHITECTURE.deb, the version with %3a for a colon. */
function partOf(file: string): Component {
  const [name = '', encoded = '', architecture = ''] = basename(file, '.deb').split('_')
  const version = decodeURIComponent(encoded)
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(file)).digest('hex') }],
  }
}
