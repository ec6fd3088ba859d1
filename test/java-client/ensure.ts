import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installPackages } from '../../build/packages.ts'

const run = promisify(execFile)
const pom = join(import.meta.dirname, 'pom.xml')

async function answers(program: string, argument: string): Promise<boolean> {
  try {
    await run(program, [argument], { timeout: 30_000 })
    return true
  } catch {
    return false
  }
}

/** @throws Error where a program is missing and this user may not install packages. */
export async function ensureProgram(program: string, argument: string, debianPackage: string): Promise<void> {
  if (await answers(program, argument)) return
  if (process.getuid?.() !== 0)
    throw new Error(`no ${program} found: install the package "${debianPackage}", or run as root to have it installed`)
  await installPackages([debianPackage])
}

/**
 * The class path of com.scalar-labs:scalar-admin, fetched from Maven Central once and kept in the cache; Java is
 * installed where it is missing.
 * @throws Error with Maven's words where it cannot be fetched.
 */
export async function ensureJavaClient(): Promise<string> {
  await ensureProgram('java', '-version', 'openjdk-17-jre-headless')
  const cache =
    process.env['KUBECTL_SCALARDL_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubectl-scalardl')
  const version = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12)
  const folder = join(cache, `java-client-${version}`)
  if (!existsSync(folder)) {
    await ensureProgram('mvn', '--version', 'maven')
    await mkdir(cache, { recursive: true })
    const arriving = await mkdtemp(join(cache, 'java-client-'))
    try {
      await run(
        'mvn',
        [
          '--batch-mode',
          '--quiet',
          '--file',
          pom,
          'dependency:copy-dependencies',
          `-DoutputDirectory=${arriving}`,
          '-DincludeScope=runtime',
        ],
        {
          timeout: 300_000,
        },
      )
      await rename(arriving, folder)
    } catch (error) {
      await rm(arriving, { recursive: true, force: true })
      // Another run may have been faster.
      if (!existsSync(folder)) throw error
    }
  }
  return join(folder, '*')
}
