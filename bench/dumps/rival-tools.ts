import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runsUnpacked, unpackDebian } from '../../test/stand-ins/debian-packages.ts'
import { fetchedOnce } from '../../test/stand-ins/fetched-once.ts'

const tools = ['mariadb-dump', 'mariadb', 'mydumper', 'myloader', 'zstd'] as const
export type RivalTool = (typeof tools)[number]

/** The folder of what others dump and load MySQL with: Debian's packages, unpacked in the cache. */
export async function rivalTools(): Promise<string> {
  const folder = await fetchedOnce('mysql-rivals-sid', async (arriving) => {
    // mydumper is in no stable release.
    const names = ['mariadb-client', 'mariadb-client-core', 'mydumper', 'zstd']
    await unpackDebian(arriving, { release: 'sid', names, without: /\/(perl|lib.*-perl|netbase)/ })
    await mkdir(join(arriving, 'bin'))
    for (const tool of tools) {
      const path = join(arriving, 'bin', tool)
      await writeFile(path, runsUnpacked(`usr/bin/${tool}`))
      await chmod(path, 0o755)
    }
  })
  return join(folder, 'bin')
}
