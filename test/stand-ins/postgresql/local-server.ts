// Room: real PostgreSQL servers, on this machine and in a cluster.
// Read README.md, local-server, binaries, objects, servers-with-a-past, servers-in-pod.

import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { chmod, chown, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePort } from '../free-port.ts'
import { majors, postgresqlBinaries, usualMajor, type Major } from './binaries.ts'
import { postgresqlTools } from './tools.ts'

const run = promisify(execFile)

/** A throwaway PostgreSQL server on this machine, reachable by TCP on the loopback interface only. */
export interface LocalPostgresql {
  host: string
  port: number
  superuser: string
  password: string
  /** folder of `pg_dump`, `pg_restore` and `psql` as the worker's image has them, whatever the server's version */
  tools: string
  /** a connected client of the superuser; the caller ends it */
  connect(database?: string): Promise<Client>
  /** ends all sessions, stops the server and removes its files; may be called twice */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** PostgreSQL refuses to run as root: the package's own user, else nobody. */
export async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const user = users.find((fields) => fields[0] === 'postgres') ?? users.find((fields) => fields[0] === 'nobody')
  if (user === undefined) throw new Error('neither a user "postgres" nor "nobody" to run PostgreSQL as')
  return { uid: Number(user[2]), gid: Number(user[3]) }
}

/** A copy of the programs for a user who may not look into the cache, which lies in root's home. */
export async function readable(binaries: string, folder: string): Promise<string> {
  const copy = join(folder, 'server')
  await cp(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true })
  await chmod(copy, 0o755)
  return join(copy, 'bin')
}

/** Durability is of no use in a test: the server does not wait for the disk. */
const fast = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
  'max_connections=200',
  'autovacuum=off',
]

/** The version of a server that is asked for by POSTGRESQL_MAJOR, else the usual one. */
export function chosenMajor(): Major {
  const wanted = process.env['POSTGRESQL_MAJOR']
  if (wanted === undefined) return usualMajor
  const found = majors.find((major) => String(major) === wanted)
  if (found === undefined) throw new Error(`POSTGRESQL_MAJOR is ${wanted}, and not one of ${majors.join(', ')}`)
  return found
}

/**
 * Starts a PostgreSQL server on a free port, its files in a temporary folder. Where this runs as root, the server runs
 * as `postgres` or `nobody`. Takes about two seconds.
 * @param settings further `name=value` settings of the server
 * @throws Error with the end of the server's log where it is not ready within two minutes.
 */
export async function startPostgresql(
  settings: readonly string[] = [],
  major: Major = chosenMajor(),
): Promise<LocalPostgresql> {
  const [cached, tools] = await Promise.all([postgresqlBinaries(major), postgresqlTools()])
  const user = await unprivileged()
  const folder = await mkdtemp(join(tmpdir(), 'postgresql-'))
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  const binaries = user === undefined ? cached : await readable(cached, folder)
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password)
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' } }
  await run(
    join(binaries, 'initdb'),
    [
      '--pgdata',
      data,
      '--username',
      'postgres',
      '--pwfile',
      passwordFile,
      '--auth',
      'scram-sha-256',
      '--encoding',
      'UTF8',
      '--no-sync',
    ],
    options,
  )

  const port = await freePort()
  const logFile = join(folder, 'log')
  const log = openSync(logFile, 'a')
  const set = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    ...fast,
    ...settings,
  ].flatMap((each) => ['-c', each])
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...set], { ...options, stdio: ['ignore', log, log] })
  const ended = once(server, 'exit')
  // A test that dies must not leave a server behind.
  const onExit = () => server.kill('SIGQUIT')
  process.once('exit', onExit)

  const stop = async () => {
    process.off('exit', onExit)
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGINT')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const connect = async (database = 'postgres') => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database })
    // A server that stops ends its idle sessions; whoever uses one after that is told by the next query.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const deadline = Date.now() + 120_000
  for (;;) {
    try {
      await (await connect()).end()
      break
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) {
        const text = await readFile(logFile, 'utf8')
        await stop()
        throw new Error(`PostgreSQL did not start: ${text.slice(-2000)}`, { cause: error })
      }
      await sleep(100)
    }
  }
  return {
    host: '127.0.0.1',
    port,
    superuser: 'postgres',
    password,
    tools,
    connect,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
