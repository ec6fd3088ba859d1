import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runsUnpacked, unpackDebian } from '../debian-packages.ts'
import { fetchedOnce } from '../fetched-once.ts'

/** The release of Debian whose MariaDB tests run unless they say otherwise: see servers.ts. */
const release = 'trixie'
const programs = ['mariadb', 'mariadb-binlog']

/**
 * The folder of `mariadb` and `mariadb-binlog`: Debian's packages, unpacked in the cache.
 * @throws Error with apt's words where they cannot be fetched
 */
export async function mariadbTools(): Promise<string> {
  const folder = await fetchedOnce(`mariadb-tools-${release}`, async (arriving) => {
    const names = ['mariadb-client', 'mariadb-client-core']
    await unpackDebian(arriving, { release, names, without: /\/(perl|libperl|netbase|libdb[id])/ })
    await mkdir(join(arriving, 'bin'))
    for (const program of programs) {
      const path = join(arriving, 'bin', program)
      await writeFile(path, runsUnpacked(`usr/bin/${program}`))
      await chmod(path, 0o755)
    }
  })
  return join(folder, 'bin')
}
