import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { fetchedOnce } from '../../test/stand-ins/fetched-once.ts'
import { run } from '../processes.ts'
import { projectFolder } from '../project.ts'
import { withoutSymbols } from './elf.ts'
import { imagePlatforms, nodeVersion, platformName, type Platform } from './platforms.ts'

/**
 * Node for a platform from the npm registry, without symbols where that is Linux, kept in the cache; returns its path.
 * @throws Failure where what came is not what platforms.ts names
 */
export async function nodeProgram(platform: Platform): Promise<string> {
  const version = nodeVersion()
  const folder = await fetchedOnce(`node-${version}-${platformName(platform)}`, async (arriving) => {
    const pack = ['pack', `${platform.nodePackage}@${version}`, '--silent', '--pack-destination', arriving]
    const archive = join(arriving, (await run('npm', pack, { timeoutMs: 600_000 })).trim())
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (integrity !== platform.integrity) {
      throw new Failure({
        what: `${platform.nodePackage} ${version} is not what the build expects`,
        why: `its integrity is ${integrity}`,
        next: 'Compare it with the registry; after an update of node, bring build/platforms/platforms.ts up to date.',
      })
    }
    await run('tar', ['--extract', '--file', archive, '--directory', arriving, '--strip-components=1'])
    const bin = join(arriving, 'bin', platform.os === 'windows' ? 'node.exe' : 'node')
    const bytes = readFileSync(bin)
    writeFileSync(join(arriving, 'node'), platform.os === 'linux' ? withoutSymbols(bytes) : bytes, { mode: 0o755 })
    for (const left of ['bin', 'include', 'share']) rmSync(join(arriving, left), { recursive: true, force: true })
    rmSync(archive)
  })
  return join(folder, 'node')
}

/** The Node that makes executables on this machine, from the npm package `node`. */
export const ownNode = join(projectFolder, 'node_modules', 'node', 'bin', 'node')

/** The license of Node and of all that is in it, which is the same for every platform. */
export async function nodeLicense(): Promise<string> {
  const [linux] = imagePlatforms
  if (linux === undefined) throw new RangeError('there is no platform for images')
  return join(dirname(await nodeProgram(linux)), 'LICENSE')
}
