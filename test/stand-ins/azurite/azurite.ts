import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'

const run = promisify(execFile)
const version = '3.37.0'
const installMs = 600_000
const startMs = 60_000

/** Microsoft's emulator of Azure's storage, from npm, installed once and kept in the cache. */
async function ensureAzurite(): Promise<string> {
  const folder = await fetchedOnce(`azurite-${version}`, async (arriving) => {
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(import.meta.dirname, file), join(arriving, file))
    await run('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: arriving, timeout: installMs })
  })
  return join(folder, 'node_modules/azurite/dist/src/blob/main.js')
}

/** A running emulator with one account. */
export interface Azurite {
  account: string
  /** base64 */
  key: string
  /** with the account's name */
  endpoint: string
  stop(): Promise<void>
}

/**
 * Starts the emulator on a free port of the loopback interface. It ends with this process, however that ends.
 * @throws Error with its words where it does not start
 */
export async function startAzurite(): Promise<Azurite> {
  const main = await ensureAzurite()
  const folder = await mkdtemp(join(tmpdir(), 'azurite-'))
  const port = await freePort()
  const account = 'backups'
  const key = randomBytes(32).toString('base64')
  // The shell's input ends when this process does, even by SIGKILL; then the shell ends the emulator.
  const script = '"$@" </dev/null & server=$!; cat >/dev/null; kill -9 $server; wait $server'
  const options = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder]
  const command = [process.execPath, main, ...options, '--silent', '--skipApiVersionCheck', '--disableTelemetry']
  const child = spawn('sh', ['-c', script, 'sh', ...command], {
    env: { PATH: process.env['PATH'], AZURITE_ACCOUNTS: `${account}:${key}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-4000)))
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  const stop = async () => {
    child.ref()
    child.stdin.end()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const endpoint = `http://127.0.0.1:${port}/${account}`
  const deadline = Date.now() + startMs
  for (;;) {
    try {
      await (await fetch(endpoint)).arrayBuffer()
      return { account, key, endpoint, stop }
    } catch (error) {
      if (Date.now() > deadline || child.exitCode !== null) {
        await stop()
        throw new Error(`azurite did not start: ${words}`, { cause: error })
      }
      await sleep(50)
    }
  }
}
