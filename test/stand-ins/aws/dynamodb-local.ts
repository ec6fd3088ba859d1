import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ensureProgram } from '../../java-client/ensure.ts'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'

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

const startMs = 60_000

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
  // The shell's input ends when this process does, even by SIGKILL; then the shell ends Java.
  const child = spawn(
    'sh',
    ['-c', '"$@" </dev/null & java=$!; cat >/dev/null; kill -9 $java; wait $java', 'sh', ...command],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const ended = once(child, 'exit')
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-4000)))
  // A test that forgets to stop it is not kept from ending.
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  const stop = async () => {
    child.ref()
    child.stdin.end()
    await ended
  }
  const endpoint = `http://127.0.0.1:${port}`
  const deadline = Date.now() + startMs
  for (;;) {
    try {
      await (await fetch(endpoint)).arrayBuffer()
      return { endpoint, stop }
    } catch (error) {
      if (Date.now() > deadline || /^(Error|Exception)/m.test(words)) {
        await stop()
        throw new Error(`DynamoDB Local did not start: ${words}`, { cause: error })
      }
      await sleep(50)
    }
  }
}
