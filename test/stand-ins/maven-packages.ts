import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { ensureProgram } from '../java-client/ensure.ts'
import { fetchedOnce } from './fetched-once.ts'

const run = promisify(execFile)
const fetchMs = 300_000

/**
 * The folder of what a project of Maven needs to run, fetched from Maven Central once and kept in the cache; Java is
 * installed where it is missing.
 * @param name what the folder is called, before a hash of the project
 * @param pom the project's file
 * @throws Error with Maven's words where it cannot be fetched
 */
export async function mavenPackages(name: string, pom: string): Promise<string> {
  await ensureProgram('java', '-version', 'openjdk-17-jre-headless')
  const version = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12)
  return await fetchedOnce(`${name}-${version}`, async (folder) => {
    await ensureProgram('mvn', '--version', 'maven')
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime']
    await run('mvn', ['--batch-mode', '--quiet', '--file', pom, ...copy], { timeout: fetchMs })
  })
}
