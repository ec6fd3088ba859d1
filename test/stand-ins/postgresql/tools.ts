import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runsUnpacked, unpackDebian } from '../debian-packages.ts'
import { fetchedOnce } from '../fetched-once.ts'

/** The release of Debian and the major version that the worker's image takes its tools from: see the Dockerfile. */
const release = 'forky'
const major = 18

/**
 * The folder of `pg_dump`, `pg_restore` and `psql` as the worker's image has them: Debian's packages, unpacked in the
 * cache.
 * @throws Error with apt's words where they cannot be fetched
 */
export async function postgresqlTools(): Promise<string> {
  const folder = await fetchedOnce(`postgresql-tools-${major}`, async (arriving) => {
    const names = [`postgresql-client-${major}`]
    await unpackDebian(arriving, { release, names, without: /\/(perl|libperl|netbase)/ })
    await mkdir(join(arriving, 'bin'))
    for (const tool of ['pg_dump', 'pg_restore', 'psql']) {
      const path = join(arriving, 'bin', tool)
      await writeFile(path, runsUnpacked(`usr/lib/postgresql/${major}/bin/${tool}`))
      await chmod(path, 0o755)
    }
  })
  return join(folder, 'bin')
}
