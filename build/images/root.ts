import { cpSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { nodeLicense, nodePart, nodeProgram } from '../platforms/node-program.ts'
import type { ImagePlatform } from '../platforms/platforms.ts'
import { run } from '../processes.ts'
import { distFolder, projectFolder } from '../project.ts'
import type { Component } from '../bundle/bill-of-materials.ts'
import { debianPackages, newer, type Fetched } from './debian-packages.ts'

/** What Node's program is linked with. */
const libraries = ['libstdc++6', 'libatomic1']
/** The newest PostgreSQL that Debian has: pg_dump refuses a server that is newer than itself. */
const postgresql = 18
/**
 * Modules that libraries load on demand, for what no program here asks of them: encodings, old ciphers, local logins.
 */
const notNeeded = ['libc-gconv-modules-extra', 'openssl-provider-legacy', 'libsasl2-modules-db', 'libdb5.3t64']
/** What no program in a container reads. The copyright files stay. */
const unread = ['usr/lib/*/gconv', 'usr/share/!(doc)', 'usr/share/doc/*/!(copyright)', 'usr/lib/postgresql/*/!(bin)']
const tools = ['pg_dump', 'pg_restore']
/** What busybox runs in the container of an administrator's own tool. */
export const starterScript = join(projectFolder, 'job/exec/starter.sh')

/** The file systems that an image is made of: its layers, and what they hold. */
export interface Roots {
  folder: string
  baseParts: Component[]
  sqlParts: Component[]
}

/**
 * Makes dist/roots/ARCHITECTURE/base, with Node, the libraries that it needs and what starts other tools, and
 * …/sql with what pg_dump and pg_restore need beyond that. Nothing in them is run for it, so any architecture can be
 * made on any machine.
 */
export async function makeRoots(platform: ImagePlatform): Promise<Roots> {
  const architecture = platform.arch
  const base = await debianPackages({ architecture, needed: libraries, alone: ['base-files', 'busybox-static'] })
  const sql = await debianPackages({
    architecture,
    needed: [...libraries, `libpq5/${newer}`, 'liblz4-1', 'libzstd1', 'zlib1g'],
    alone: [`postgresql-client-${postgresql}/${newer}`],
  })
  const known = new Set(base.files.map((file) => basename(file)))
  const further = {
    files: sql.files.filter((file) => !known.has(basename(file))),
    parts: sql.parts.filter(({ purl }) => !base.parts.some((part) => part.purl === purl)),
  }
  const folder = join(distFolder, 'roots', architecture)
  rmSync(folder, { recursive: true, force: true })
  await unpack(base, join(folder, 'base'))
  await unpack(further, join(folder, 'sql'))
  takeTools(join(folder, 'sql'))
  const root = join(folder, 'base')
  takeStarter(root)
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
  cpSync(await nodeProgram(platform), join(root, 'usr/local/bin/node'))
  mkdirSync(join(root, 'usr/share/doc/nodejs'), { recursive: true })
  cpSync(await nodeLicense(), join(root, 'usr/share/doc/nodejs/copyright'))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/\nnonroot:x:65532:65532:nonroot:/tmp:/\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n')
  const baseParts = [...base.parts, nodePart(platform)]
  return { folder, baseParts, sqlParts: [...baseParts, ...further.parts] }
}

/**
 * Unpacks packages over each other. Scanners find what each one is in var/lib/dpkg/status.d, as in other such images.
 */
async function unpack({ files }: Fetched, root: string): Promise<void> {
  const status = join(root, 'var/lib/dpkg/status.d')
  mkdirSync(status, { recursive: true })
  for (const file of files) {
    const [name = ''] = basename(file).split('_')
    if (notNeeded.includes(name)) continue
    await run('dpkg-deb', ['--extract', file, root])
    writeFileSync(join(status, name), await run('dpkg-deb', ['--field', file]))
  }
  for (const path of globSync(unread, { cwd: root })) rmSync(join(root, path), { recursive: true, force: true })
}

/** What waits in the container of an administrator's own tool: out of the way, so that PATH has no shell here. */
function takeStarter(root: string): void {
  const [busybox] = globSync('{,usr/}bin/busybox', { cwd: root })
  if (busybox === undefined) throw new Error('the package busybox-static has no busybox')
  const starter = join(root, 'opt/kubectl-scalardl/starter')
  mkdirSync(starter, { recursive: true })
  renameSync(join(root, busybox), join(starter, 'busybox'))
  cpSync(starterScript, join(starter, 'starter.sh'))
}

/** Of PostgreSQL's programs those that the worker starts, on PATH. */
function takeTools(root: string): void {
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
  const bin = join(root, 'usr/lib/postgresql', String(postgresql), 'bin')
  for (const tool of tools) renameSync(join(bin, tool), join(root, 'usr/local/bin', tool))
  rmSync(join(root, 'usr/lib/postgresql'), { recursive: true })
}
