import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { cacheFolder } from '../../../build/cache.ts'

const run = promisify(execFile)
const version = '5.2.5'
const installMs = 300_000
const startMs = 60_000

/** A running moto server: another DynamoDB, of other makers. */
export interface Moto {
  endpoint: string
  stop(): Promise<void>
}

/** Whether this machine has a Python that can have packages of its own. */
export async function hasPython(): Promise<boolean> {
  return run('python3', ['-c', 'import venv, ensurepip'], { timeout: 30_000 }).then(() => true, () => false)
}

/** The folder of moto's packages, fetched from PyPI once and kept in the cache. @throws Error with pip's words */
async function ensureMoto(): Promise<string> {
  const cache = cacheFolder()
  const folder = join(cache, `moto-${version}`)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const arriving = await mkdtemp(join(cache, 'moto-'))
  try {
    const environment = join(arriving, 'environment')
    await run('python3', ['-m', 'venv', environment], { timeout: installMs })
    const packages = `moto[applicationautoscaling,dynamodb,server]==${version}`
    // Programs of an environment know its path; a folder of packages may be moved.
    await run(join(environment, 'bin', 'pip'), ['install', '--quiet', '--no-cache-dir', '--target', join(arriving, 'packages'), packages], { timeout: installMs })
    await rename(join(arriving, 'packages'), folder)
  } catch (error) {
    // Another run may have been faster.
    if (!existsSync(folder)) throw error
  } finally {
    await rm(arriving, { recursive: true, force: true })
  }
  return folder
}

/** Starts moto on a free port of the loopback interface. @throws Error with its words where it does not start within a minute */
export async function startMoto(): Promise<Moto> {
  const folder = await ensureMoto()
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const address = free.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  free.close()
  await once(free, 'close')
  const child = spawn('python3', ['-c', 'from moto.server import main; main()', '-H', '127.0.0.1', '-p', String(port)], { env: { ...process.env, PYTHONPATH: folder }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let words = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-4000)))
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  const stop = async () => {
    process.off('exit', onExit)
    child.kill('SIGKILL')
    await ended
  }
  const endpoint = `http://127.0.0.1:${port}`
  const deadline = Date.now() + startMs
  for (;;) {
    try {
      await (await fetch(`${endpoint}/moto-api/`)).arrayBuffer()
      return { endpoint, stop }
    } catch (error) {
      if (Date.now() > deadline || child.exitCode !== null) {
        await stop()
        throw new Error(`moto did not start: ${words}`, { cause: error })
      }
      await sleep(100)
    }
  }
}
