// Room: real MySQL and MariaDB servers, for tests on this machine and in a cluster.
// Read local-server, servers (where their programs come from), servers-with-a-past, objects (one in a cluster).

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type Connection } from 'mysql2/promise'
import { freePort } from '../free-port.ts'
import { serverNames, servers, type ServerName } from './servers.ts'

/** The server that a test gets where it asks for none: the quickest to start. */
const usual: ServerName = 'mariadb-11.8'

/** A throwaway MySQL or MariaDB server on this machine, reachable by TCP on the loopback interface only. */
export interface LocalMysql {
  name: ServerName
  host: string
  port: number
  /** has all rights */
  user: string
  password: string
  /** a connected client; the caller ends it */
  connect(as?: { user: string; password: string }): Promise<Connection>
  /** ends all sessions, stops the server and removes its files; may be called twice */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The server that is asked for by MYSQL_SERVER, else the usual one. */
export function chosenServer(): ServerName {
  const wanted = process.env['MYSQL_SERVER']
  if (wanted === undefined) return usual
  const found = serverNames.find((name) => name === wanted)
  if (found === undefined) throw new Error(`MYSQL_SERVER is ${wanted}, and not one of ${serverNames.join(', ')}`)
  return found
}

/** Durability is of no use in a test: the server does not wait for the disk. */
const fast = [
  '--innodb-flush-log-at-trx-commit=0',
  '--sync-binlog=0',
  '--innodb-buffer-pool-size=32M',
  '--performance-schema=OFF',
  '--max-connections=100',
]

/**
 * Starts a server on a free port, its files in a temporary folder: about two seconds with MariaDB, eight with MySQL.
 * @param settings further options of the server
 * @throws Error with the end of the server's log where it is not ready within two minutes
 */
export async function startMysql(
  settings: readonly string[] = [],
  name: ServerName = chosenServer(),
): Promise<LocalMysql> {
  const { command, own, initialize } = await servers[name]()
  const folder = await mkdtemp(join(tmpdir(), 'mysql-'))
  const data = join(folder, 'data')
  // A server that starts removes whatever temporary tables lie in its folder for them, also those of another.
  const temporary = join(folder, 'temporary')
  await mkdir(data)
  await mkdir(temporary)
  const log = openSync(join(folder, 'log'), 'a')
  // MySQL refuses to run as root unless it is told so.
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
  const common = [...own, `--datadir=${data}`, `--tmpdir=${temporary}`, ...asRoot]
  const environment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' }
  const failed = async (what: string) => {
    const text = await readFile(join(folder, 'log'), 'utf8')
    await rm(folder, { recursive: true, force: true })
    return new Error(`${name} ${what}: ${text.slice(-3000)}`)
  }

  const making = spawn(command, [...common, ...initialize.args], {
    env: environment,
    cwd: folder,
    stdio: ['pipe', log, log],
  })
  making.stdin?.end(initialize.input)
  const [code] = (await once(making, 'close')) as [number | null]
  if (code !== 0) throw await failed('made no data folder')

  const user = 'administrator'
  const password = randomBytes(12).toString('hex')
  const first = join(folder, 'first.sql')
  await writeFile(
    first,
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO '${user}'@'%' WITH GRANT OPTION;\n`,
  )
  const port = await freePort()
  const socket = join(folder, 'socket')
  const args = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${socket}`, `--init-file=${first}`]
  const server = spawn(command, [...common, ...args, `--pid-file=${join(folder, 'pid')}`, ...fast, ...settings], {
    env: environment,
    cwd: folder,
    stdio: ['ignore', log, log],
  })
  const ended = once(server, 'exit')
  // A test that dies must not leave a server behind.
  const onExit = () => server.kill('SIGKILL')
  process.once('exit', onExit)

  const stop = async () => {
    process.off('exit', onExit)
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const connect: LocalMysql['connect'] = async (as = { user, password }) => {
    const connection = await createConnection({
      host: '127.0.0.1',
      port,
      ...as,
      charset: 'utf8mb4',
      multipleStatements: true,
    })
    // A server that stops ends its idle sessions; whoever uses one after that is told by the next query.
    connection.on('error', () => undefined)
    return connection
  }
  const deadline = Date.now() + 120_000
  for (;;) {
    try {
      await (await connect()).end()
      break
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) {
        await stop().catch(() => undefined)
        throw Object.assign(await failed('did not start').catch(() => new Error(`${name} did not start`)), {
          cause: error,
        })
      }
      await sleep(100)
    }
  }
  return { name, host: '127.0.0.1', port, user, password, connect, stop, [Symbol.asyncDispose]: stop }
}
