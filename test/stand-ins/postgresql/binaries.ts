import { appendFile, glob } from 'node:fs/promises'
import { dirname } from 'node:path'
import { installPackages } from '../../../build/packages.ts'

/** The newest PostgreSQL server that Debian's packages put on this machine, or undefined. */
async function installed(): Promise<string | undefined> {
  const found: { folder: string; major: number }[] = []
  for await (const binary of glob('/usr/lib/postgresql/*/bin/postgres')) {
    found.push({ folder: dirname(binary), major: Number(binary.split('/')[4]) })
  }
  return found.sort((a, b) => b.major - a.major)[0]?.folder
}

/**
 * Folder of the PostgreSQL server's programs (`initdb`, `postgres`, `pg_dump` …). Installs Debian's package where there is
 * none; its own cluster and service are not created.
 * @throws Error where there is none and this user may not install packages.
 */
export async function postgresqlBinaries(): Promise<string> {
  const present = await installed()
  if (present !== undefined) return present
  if (process.getuid?.() !== 0)
    throw new Error('no PostgreSQL server found: install the package "postgresql", or run as root to have it installed')
  await installPackages(['postgresql-common'])
  await appendFile('/etc/postgresql-common/createcluster.conf', '\ncreate_main_cluster = false\n')
  await installPackages(['postgresql'])
  const now = await installed()
  if (now === undefined)
    throw new Error('the package "postgresql" is installed, but /usr/lib/postgresql/*/bin/postgres is not there')
  return now
}
