import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'
import { startServerProcess } from '../server-process.ts'

const run = promisify(execFile)
const version = '5.2.5'
const installMs = 300_000

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
  const command = ['python3', '-c', 'from moto.server import main; main()', '-H', '127.0.0.1', '-p', String(port)]
  const endpoint = `http://127.0.0.1:${port}`
  const environment = { ...process.env, PYTHONPATH: folder }
  return { endpoint, stop: await startServerProcess('moto', `${endpoint}/moto-api/`, command, environment) }
}
