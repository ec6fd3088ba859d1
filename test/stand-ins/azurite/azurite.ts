import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'
import { startServerProcess } from '../server-process.ts'

const run = promisify(execFile)
const version = '3.37.0'
const installMs = 600_000

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
 * @param tls what it serves https by; it then takes tokens of Entra ID, and looks at their audience, issuer and time
 * @throws Error with its words where it does not start
 */
export async function startAzurite(tls?: { certificate: string; key: string }): Promise<Azurite> {
  const main = await ensureAzurite()
  const folder = await mkdtemp(join(tmpdir(), 'azurite-'))
  const port = await freePort()
  const account = 'backups'
  const key = randomBytes(32).toString('base64')
  const options = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder]
  const command = [process.execPath, main, ...options, '--silent', '--skipApiVersionCheck', '--disableTelemetry']
  const endpoint = `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}/${account}`
  if (tls !== undefined) {
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
    await writeFile(certificate, tls.certificate)
    await writeFile(key, tls.key)
    command.push('--cert', certificate, '--key', key, '--oauth', 'basic')
  }
  const environment = { PATH: process.env['PATH'], AZURITE_ACCOUNTS: `${account}:${key}` }
  const stop = await startServerProcess('azurite', endpoint, command, environment)
  return {
    account,
    key,
    endpoint,
    async stop() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
