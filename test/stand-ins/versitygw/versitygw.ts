import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../build/processes.ts'
import { findProgram } from '../../../build/requirements.ts'
import { fetchedOnce } from '../fetched-once.ts'
import { freePort } from '../free-port.ts'
import { startServerProcess } from '../server-process.ts'

const version = '1.8.0'
const program = 'github.com/versity/versitygw/cmd/versitygw'
const buildMs = 1_200_000

/** Whether this machine has what compiles the gateway, or the gateway. */
export function hasGo(): boolean {
  return findProgram('go') !== undefined
}

/** The gateway's program, compiled once and kept in the cache; some minutes from an empty Go cache. */
export async function ensureVersitygw(): Promise<string> {
  const folder = await fetchedOnce(`versitygw-${version}`, async (arriving) => {
    const build = ['build', '-trimpath', '-ldflags=-s -w', '-o', join(arriving, 'versitygw'), program]
    const environment = { ...process.env, CGO_ENABLED: '0' }
    await run(findProgram('go') ?? 'go', build, { cwd: import.meta.dirname, environment, timeoutMs: buildMs })
  })
  return join(folder, 'versitygw')
}

/** A running S3 server, an open one of other makers, with its objects in a folder of its own. */
export interface Versitygw {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  /** makes a user who may do nothing until a bucket's policy says so */
  addUser(name: string, secret: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the gateway on a free port of the loopback interface. It ends with this process, however that ends.
 * @param within where its own folder is made
 * @throws Error with its words where it does not start
 */
export async function startVersitygw(within: string = tmpdir()): Promise<Versitygw> {
  const gateway = await ensureVersitygw()
  const folder = await mkdtemp(join(within, 'versitygw-'))
  for (const name of ['buckets', 'users', 'versions']) await mkdir(join(folder, name))
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const root = { accessKeyId: 'root-of-the-gateway', secretAccessKey: 'secret-of-the-gateway' }
  const command = [gateway, '--port', `127.0.0.1:${port}`, '--iam-dir', join(folder, 'users'), '--quiet']
  // With versions buckets may have an object lock.
  const backend = ['posix', '--versioning-dir', join(folder, 'versions'), join(folder, 'buckets')]
  const environment = {
    PATH: process.env['PATH'],
    ROOT_ACCESS_KEY: root.accessKeyId,
    ROOT_SECRET_KEY: root.secretAccessKey,
  }
  const stop = await startServerProcess('versitygw', endpoint, [...command, ...backend], environment)
  return {
    endpoint,
    ...root,
    async addUser(name, secret) {
      const { accessKeyId: access, secretAccessKey } = root
      const admin = ['admin', '--access', access, '--secret', secretAccessKey, '--endpoint-url', endpoint]
      await run(gateway, [...admin, 'create-user', '--access', name, '--secret', secret, '--role', 'user'])
    },
    async stop() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
