import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { run } from '../processes.ts'
import { distFolder } from '../project.ts'
import { hashOf, unlessMade } from '../up-to-date.ts'
import { withProgress } from '../waiting.ts'
import { signed, withoutLocalSymbols } from './mach-o.ts'
import { nodeProgram, ownNode } from './node-program.ts'
import { executableName, platformName, type Platform } from './platforms.ts'

/**
 * Makes the plugin as one file for a platform, of a bundle, and returns its path. The same bundle gives the same bytes
 * on any machine: without V8's code cache, which is neither the same twice nor good for another architecture.
 *
 * Node's own `--build-sea` and not @yao-pkg/pkg in its SEA mode, which was tried and gives files of the same size: pkg
 * fetches Node from nodejs.org alone, signs for macOS only where codesign or ldid is, and brings 108 packages.
 */
export async function buildExecutableFor(platform: Platform, bundle: string): Promise<string> {
  const node = await nodeProgram(platform)
  const name = platformName(platform)
  const executable = join(distFolder, 'executables', `${name}-${executableName(platform)}`)
  const inputs = await hashOf({ texts: [name], files: [bundle, node, import.meta.filename] })
  await unlessMade(executable, inputs, () =>
    withProgress(`making the executable for ${name}`, async () => {
      const config = `${executable}.json`
      const fresh = `${executable}.new`
      mkdirSync(dirname(executable), { recursive: true })
      // The name of the bundle becomes part of the executable: without the folder that it is made in.
      const main = basename(bundle)
      const sea = { main, output: fresh, executable: node, disableExperimentalSEAWarning: true }
      writeFileSync(config, JSON.stringify(sea))
      await run(await ownNode(), ['--build-sea', config], { cwd: dirname(bundle), timeoutMs: 300_000 })
      rmSync(config)
      if (platform.os === 'darwin')
        writeFileSync(fresh, signed(withoutLocalSymbols(readFileSync(fresh)), 'kubectl-scalardl'))
      chmodSync(fresh, 0o755)
      renameSync(fresh, executable)
    }),
  )
  return executable
}
