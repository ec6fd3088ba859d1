import { execFile } from 'node:child_process'
import { chmod, glob, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianMirrors } from '../../../build/base-image.ts'
import { fetchedOnce } from '../fetched-once.ts'

const run = promisify(execFile)
const fetchMs = 300_000

/** The release of Debian and the major version that the worker's image takes its tools from: see the Dockerfile. */
const release = 'forky'
const major = 18

/**
 * The folder of `pg_dump`, `pg_restore` and `psql` as the worker's image has them: Debian's packages with all that they
 * link to, unpacked in the cache, so that this machine's own release and its packages do not matter. Needs apt, but no
 * root.
 * @throws Error with apt's words where they cannot be fetched
 */
export async function postgresqlTools(): Promise<string> {
  const folder = await fetchedOnce(`postgresql-tools-${major}`, async (arriving) => {
    const apt = join(arriving, 'apt')
    const root = join(arriving, 'root')
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
    await aptGet('install', '--download-only', '--yes', '--no-install-recommends', `postgresql-client-${major}`)
    for await (const file of glob(join(apt, 'cache/archives/*.deb'))) {
      if (!/\/(perl|libperl|netbase)/.test(file)) await run('dpkg-deb', ['--extract', file, root])
    }
    await rm(apt, { recursive: true })
    await mkdir(join(arriving, 'bin'))
    for (const tool of ['pg_dump', 'pg_restore', 'psql']) {
      const path = join(arriving, 'bin', tool)
      await writeFile(path, wrapper(tool))
      await chmod(path, 0o755)
    }
  })
  return join(folder, 'bin')
}

/** Runs a program with the loader and the libraries that it came with. */
function wrapper(tool: string): string {
  return `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")/root
lib=$root/usr/lib/x86_64-linux-gnu
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/lib/postgresql/${major}/bin/${tool}" "$@"
`
}
