import { execFile } from 'node:child_process'
import { glob, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { debianMirrors } from '../../build/base-image.ts'

const run = promisify(execFile)
const fetchMs = 300_000

/** Packages of one release of Debian. */
export interface DebianPackages {
  release: string
  names: readonly string[]
  /** file names of packages that are fetched for a dependency and of no use here */
  without?: RegExp
}

/**
 * Unpacks packages of Debian with all that they link to into `<folder>/root`, so that this machine's own release and
 * its packages do not matter. Needs apt, but no root.
 * @throws Error with apt's words where they cannot be fetched
 */
export async function unpackDebian(folder: string, { release, names, without }: DebianPackages): Promise<void> {
  const apt = join(folder, 'apt')
  const root = join(folder, 'root')
  for (const path of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(apt, path), { recursive: true })
  await mkdir(root)
  // Nothing counts as installed, so everything is fetched.
  await writeFile(join(apt, 'status'), '')
  const { debian } = await debianMirrors()
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${keys}] ${debian} ${release} main\n`)
  const own = {
    'Dir::State': join(apt, 'state'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
    'Dir::Etc::sourcelist': join(apt, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Debug::NoLocking': 'true',
  }
  const options = Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const aptGet = (...args: string[]) => run('apt-get', [...options, '--quiet=2', ...args], { timeout: fetchMs })
  await aptGet('update')
  await aptGet('install', '--download-only', '--yes', '--no-install-recommends', ...names)
  for await (const file of glob(join(apt, 'cache/archives/*.deb'))) {
    if (without?.test(file) !== true) await run('dpkg-deb', ['--extract', file, root])
  }
  await rm(apt, { recursive: true })
}

/**
 * A script that runs a program of unpacked packages with the loader and the libraries that it came with, or that lie
 * beside it.
 * @param program from the root of the packages; the script lies in a folder beside `root`
 */
export function runsUnpacked(program: string): string {
  return `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")/root
usr=$root/usr/lib/x86_64-linux-gnu
# where releases before trixie have the C library
lib=$root/lib/x86_64-linux-gnu
loader=ld-linux-x86-64.so.2
[ -e "$usr/$loader" ] && loader=$usr/$loader || loader=$lib/$loader
exec "$loader" --library-path "$usr:$lib:$root/${dirname(program)}" "$root/${program}" "$@"
`
}
