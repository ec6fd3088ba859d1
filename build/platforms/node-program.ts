import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { fetchedOnce } from '../../test/stand-ins/fetched-once.ts'
import type { Component } from '../bundle/bill-of-materials.ts'
import { run } from '../processes.ts'
import { distFolder, projectFolder } from '../project.ts'
import { hashOf, unlessMade } from '../up-to-date.ts'
import { withoutSymbols } from './elf.ts'
import { imagePlatforms, nodeVersion, platformName, platforms, type Platform } from './platforms.ts'

/**
 * Node for a platform from the npm registry, without symbols where that is Linux; returns its path. The program is
 * compared with its hash in platforms.ts every time, since it lies in a cache that others may write to.
 * @throws Failure where it is another
 */
export async function nodeProgram(platform: Platform): Promise<string> {
  const program = join(await nodePackage(platform), 'bin', platform.os === 'windows' ? 'node.exe' : 'node')
  await expectPinned(program, platform.program)
  if (platform.os !== 'linux') return program
  const stripped = join(distFolder, 'node', `node-${platformName(platform)}`)
  const how = await hashOf({ texts: [platform.program], files: [join(import.meta.dirname, 'elf.ts')] })
  await unlessMade(stripped, how, async () => {
    mkdirSync(join(distFolder, 'node'), { recursive: true })
    writeFileSync(`${stripped}.new`, withoutSymbols(readFileSync(program)), { mode: 0o755 })
    renameSync(`${stripped}.new`, stripped)
  })
  return stripped
}

/**
 * The Node that makes executables on this machine, from the npm package `node`; returns its path.
 * @throws Failure where it is none of those that platforms.ts names
 */
export async function ownNode(): Promise<string> {
  const bin = join(projectFolder, 'node_modules', 'node', 'bin')
  const program = join(bin, process.platform === 'win32' ? 'node.exe' : 'node')
  await expectPinned(program, ...platforms.map((platform) => platform.program))
  return program
}

/** The license of Node and of all that is in it, which is the same for every platform. */
export async function nodeLicense(): Promise<string> {
  const [linux] = imagePlatforms
  if (linux === undefined) throw new RangeError('there is no platform for images')
  return join(await nodePackage(linux), 'LICENSE')
}

/** Node as a list of contents names it. */
export function nodePart({ nodePackage, integrity }: Platform): Component {
  const version = nodeVersion()
  return {
    type: 'platform',
    name: 'node',
    version,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:npm/${nodePackage}@${version}`,
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') }],
  }
}

/** The npm package that holds Node for a platform, kept in the cache; returns its folder. */
async function nodePackage(platform: Platform): Promise<string> {
  const version = nodeVersion()
  return fetchedOnce(`${platform.nodePackage}-${version}`, async (arriving) => {
    const pack = ['pack', `${platform.nodePackage}@${version}`, '--silent', '--pack-destination', arriving]
    const archive = join(arriving, (await run('npm', pack, { timeoutMs: 600_000 })).trim())
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (integrity !== platform.integrity)
      throw unexpected(`${platform.nodePackage} ${version}`, `its integrity is ${integrity}`)
    await run('tar', ['--extract', '--file', archive, '--directory', arriving, '--strip-components=1'])
    for (const left of ['include', 'share']) rmSync(join(arriving, left), { recursive: true, force: true })
    rmSync(archive)
  })
}

async function expectPinned(program: string, ...pinned: readonly string[]): Promise<void> {
  const hash = await hashOf({ files: [program] })
  if (!pinned.includes(hash)) throw unexpected(program, `its SHA-256 is ${hash}`)
}

function unexpected(what: string, why: string): Failure {
  return new Failure({
    what: `${what} is not what the build expects`,
    why,
    next:
      'Remove it and have it fetched again, or compare it with the registry; ' +
      'after an update of node, bring build/platforms/platforms.ts up to date.',
  })
}
