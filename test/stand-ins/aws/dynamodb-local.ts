import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureProgram } from '../../java-client/ensure.ts'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'
import { startServerProcess } from '../server-process.ts'

const run = promisify(execFile)
const pom = join(import.meta.dirname, 'pom.xml')
const fetchMs = 300_000

/**
 * The folder of Amazon's DynamoDB Local and all that it needs, fetched from Maven Central once and kept in the cache;
 * Java is installed where it is missing.
 * @throws Error with Maven's words where it cannot be fetched
 */
export async function ensureDynamodbLocal(): Promise<string> {
  await ensureProgram('java', '-version', 'openjdk-17-jre-headless')
  const version = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12)
  return await fetchedOnce(`dynamodb-local-${version}`, async (folder) => {
    await ensureProgram('mvn', '--version', 'maven')
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime']
    await run('mvn', ['--batch-mode', '--quiet', '--file', pom, ...copy], { timeout: fetchMs })
  })
}

/** A running DynamoDB Local with nothing in it. */
export interface DynamodbLocal {
  endpoint: string
  stop(): Promise<void>
}

/**
 * Starts DynamoDB Local on a free port of the loopback interface, its items in memory; about a second. It ends with
 * this process, however that ends.
 * @param folder what ensureDynamodbLocal answers
 * @throws Error with its own words where it does not start
 */
export async function startDynamodbLocal(folder: string): Promise<DynamodbLocal> {
  const port = await freePort()
  const java = [
    'java',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Djava.library.path=${folder}`,
    '-cp',
    join(folder, '*'),
  ]
  const command = [
    ...java,
    'software.amazon.dynamodb.services.local.main.ServerRunner',
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(port),
  ]
  const endpoint = `http://127.0.0.1:${port}`
  return { endpoint, stop: await startServerProcess('DynamoDB Local', endpoint, command) }
}
