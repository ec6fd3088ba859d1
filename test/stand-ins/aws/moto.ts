import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'

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
  return run('python3', ['-c', 'import venv, ensurepip'], { timeout: 30_000 }).then(
    () => true,
    () => false,
  )
}

/** The folder of moto's packages, fetched from PyPI once and kept in the cache. @throws Error with pip's words */
function ensureMoto(): Promise<string> {
  return fetchedOnce(`moto-${version}`, async (folder) => {
    const environment = join(folder, 'environment')
    await run('python3', ['-m', 'venv', environment], { timeout: installMs })
    // The programs of an environment know its path, so what is kept is the packages alone, which may be moved.
    await run(
      join(environment, 'bin', 'pip'),
      [
        'install',
        '--quiet',
        '--no-cache-dir',
        '--target',
        folder,
        `moto[applicationautoscaling,dynamodb,server]==${version}`,
      ],
      { timeout: installMs },
    )
    await rm(environment, { recursive: true })
  })
}

/**
 * Starts moto on a free port of the loopback interface. @throws Error with its words where it does not start within a
 * minute
 */
export async function startMoto(): Promise<Moto> {
  const folder = await ensureMoto()
  const port = await freePort()
  const child = spawn(
    'python3',
    ['-c', 'from moto.server import main; main()', '-H', '127.0.0.1', '-p', String(port)],
    { env: { ...process.env, PYTHONPATH: folder }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = once(child, 'exit')
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (words = (words + data.toString()).slice(-4000)))
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
