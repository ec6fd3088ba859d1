import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { bundlePlugin } from './bundle/bundle.ts'
import { ownNode } from './platforms/node-program.ts'
import { run } from './processes.ts'
import { distFolder } from './project.ts'
import { hashOf, unlessMade } from './up-to-date.ts'

/** Makes dist/kubectl-scalardl, the plugin as one file that needs nothing else, and returns its path. */
export async function buildExecutable(): Promise<string> {
  const bundle = await bundlePlugin()
  const executable = join(distFolder, 'kubectl-scalardl')
  const version = (await run(await ownNode(), ['--version'])).trim()
  await unlessMade(executable, await hashOf({ texts: [version], files: [bundle] }), () => seal(bundle, executable))
  return executable
}

/** Puts a program of one CommonJS file and the pinned Node into one executable. */
export async function seal(program: string, executable: string): Promise<void> {
  const config = `${executable}.json`
  const fresh = `${executable}.new`
  // The name of the program becomes part of the executable: without the folder that it is made in.
  const main = basename(program)
  writeFileSync(
    config,
    JSON.stringify({ main, output: fresh, useCodeCache: true, disableExperimentalSEAWarning: true }),
  )
  await run(await ownNode(), ['--build-sea', config], { cwd: dirname(program) })
  chmodSync(fresh, 0o755)
  renameSync(fresh, executable)
  rmSync(config)
}
