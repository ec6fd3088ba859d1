import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundlePlugin } from './bundle.ts'
import { ownNode } from './platforms/node-program.ts'
import { run } from './processes.ts'
import { distFolder } from './project.ts'
import { hashOf, unlessMade } from './up-to-date.ts'

/** Makes dist/kubectl-scalardl, the plugin as one file that needs nothing else, and returns its path. */
export async function buildExecutable(): Promise<string> {
  const bundle = await bundlePlugin()
  // It becomes part of the executable.
  const node = await ownNode()
  const executable = join(distFolder, 'kubectl-scalardl')
  const version = (await run(node, ['--version'])).trim()
  await unlessMade(executable, await hashOf({ texts: [version], files: [bundle] }), async () => {
    const config = join(distFolder, 'executable.json')
    const fresh = `${executable}.new`
    writeFileSync(
      config,
      JSON.stringify({ main: bundle, output: fresh, useCodeCache: true, disableExperimentalSEAWarning: true }),
    )
    await run(node, ['--build-sea', config])
    chmodSync(fresh, 0o755)
    renameSync(fresh, executable)
    rmSync(config)
  })
  return executable
}
