import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createConnection, type Connection } from 'mysql2/promise'
import { loopbackAddresses, type ServerAddress, type ServerAddresses } from '../postgresql/server-address.ts'
import type { Login, ServersWithPast, ServerWithPast } from '../postgresql/servers-with-a-past.ts'
import { installedMariadb, servers, type ServerProgram } from './servers.ts'
import { mariadbTools } from './tools.ts'

const run = promisify(execFile)
/** How long a server may take to start, ms. */
const startMs = 120_000

/** Every change is in the log, row by row; nobody waits for the disk. */
const kept = [
  '--server-id=1',
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--innodb-flush-log-at-trx-commit=0',
  '--sync-binlog=0',
  '--performance-schema=OFF',
  // Nobody waits for the names of clients.
  '--skip-name-resolve',
  '--max-connections=100',
]

export interface MariadbServersOptions {
  /** where Debian's packages are installed, such as /usr, in place of the cache */
  installed?: string
  /** on this machine alone unless given */
  addresses?: ServerAddresses
}

/** Folders are copied as wholes, so they are small. */
const small = ['--innodb-log-file-size=8M', '--innodb-undo-tablespaces=0', '--innodb-buffer-pool-size=16M']

/**
 * Real MariaDB servers, all on one port, as those of a service differ in their hosts alone. A restore replays the log
 * of its source up to the second, as the service itself does (MySQL: point-in-time recovery using the binary log).
 */
export async function mariadbServers({ installed, ...options }: MariadbServersOptions = {}): Promise<
  ServersWithPast & { port: number; stop(): Promise<void> }
> {
  const folder = await mkdtemp(join(tmpdir(), 'mariadb-with-a-past-'))
  const addresses = options.addresses ?? (await loopbackAddresses())
  const place: Place = {
    folder,
    program: await (installed === undefined ? servers['mariadb-11.8']() : installedMariadb(installed)),
    tools: installed === undefined ? await mariadbTools() : join(installed, 'bin'),
  }
  const made: MariadbInstance[] = []
  // A test that dies must not leave servers behind.
  const onExit = () => made.forEach((one) => one.process?.kill('SIGKILL'))
  process.once('exit', onExit)
  const add = (login: Login): MariadbInstance => {
    const one = new MariadbInstance(place, { number: made.length, address: addresses.next(), login })
    made.push(one)
    return one
  }
  return {
    port: addresses.port,
    async create(login) {
      const one = add(login)
      await one.initialise()
      return one
    },
    async restore(source, atMs) {
      if (!(source instanceof MariadbInstance)) throw new Error('not one of these servers')
      const one = add(source.login)
      await one.restoreFrom(source, atMs)
      return one
    },
    async stop() {
      process.off('exit', onExit)
      await Promise.all(made.map((one) => one.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Place {
  folder: string
  program: ServerProgram
  tools: string
}

class MariadbInstance implements ServerWithPast {
  readonly #place: Place
  readonly #data: string
  /** the files as they were before the first line of the log */
  readonly #base: string
  readonly login: Login
  readonly host: string
  readonly port: number
  readonly #own: ServerAddress['own']
  process: ChildProcess | undefined

  constructor(place: Place, { number, address, login }: { number: number; address: ServerAddress; login: Login }) {
    this.#place = place
    this.#data = join(place.folder, `data-${number}`)
    this.#base = join(place.folder, `base-${number}`)
    this.login = login
    this.host = address.host
    this.port = address.port
    this.#own = address.own
  }

  async initialise(): Promise<void> {
    const { program } = this.#place
    await mkdir(this.#base)
    await mkdir(`${this.#base}-temporary`)
    const { username, password } = this.login
    const rights = [
      'FLUSH PRIVILEGES;',
      `CREATE USER '${username}'@'%' IDENTIFIED BY '${password}';`,
      `GRANT ALL ON *.* TO '${username}'@'%' WITH GRANT OPTION;`,
    ]
    const making = this.#spawn(this.#base, program.initialize.args, 'pipe')
    making.stdin?.end([program.initialize.input, ...rights, ''].join('\n'))
    const [code] = (await once(making, 'close')) as [number | null]
    if (code !== 0) throw await this.#failed('made no data folder')
    await copy(this.#base, this.#data)
    await this.#start()
  }

  async restoreFrom(source: MariadbInstance, atMs: number): Promise<void> {
    const connection = await source.connect()
    // What is in the log so far, is in files that nobody writes any more.
    await connection.query('FLUSH BINARY LOGS').finally(() => connection.end())
    await Promise.all([this.#base, this.#data].map((folder) => copy(source.#base, folder)))
    await this.#start()
    const logs = (await readdir(source.#data)).filter((name) => /^binlog\.\d+$/.test(name)).sort()
    const stop = new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)
    const { tools } = this.#place
    const reading = spawn(
      join(tools, 'mariadb-binlog'),
      ['--no-defaults', `--stop-datetime=${stop}`, ...logs.map((name) => join(source.#data, name))],
      { env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const { host, port } = this.#own.reachedAt
    const { username, password } = this.login
    const to = [`--host=${host}`, `--port=${port}`, `--user=${username}`, '--protocol=tcp', '--skip-ssl']
    const replaying = spawn(join(tools, 'mariadb'), ['--no-defaults', '--binary-mode', ...to], {
      env: { PATH: process.env['PATH'] ?? '', MYSQL_PWD: password },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    const ends = [reading, replaying].map(async (one) => {
      const [code] = (await once(one, 'close')) as [number | null]
      return code
    })
    await pipeline(reading.stdout, replaying.stdin)
    const codes = await Promise.all(ends)
    if (codes.some((code) => code !== 0)) throw new Error(`the log was not replayed: ${codes.join(', ')}`)
  }

  async connect(): Promise<Connection> {
    const { username: user, password } = this.login
    const connection = await createConnection({ ...this.#own.reachedAt, user, password })
    connection.on('error', () => undefined)
    return connection
  }

  async stop(): Promise<void> {
    const server = this.process
    this.process = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }

  #spawn(data: string, args: readonly string[], stdin: 'pipe' | 'ignore'): ChildProcess {
    const { folder, program } = this.#place
    const log = openSync(`${this.#data}.log`, 'a')
    const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
    const all = [...program.own, ...small, `--datadir=${data}`, `--tmpdir=${data}-temporary`, ...asRoot, ...args]
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' }
    return spawn(program.command, all, { env, cwd: folder, stdio: [stdin, log, log] })
  }

  async #start(): Promise<void> {
    // A server that starts removes temporary tables that lie there, also those of another.
    await mkdir(`${this.#data}-temporary`)
    const { listensOn, reachedAt } = this.#own
    const at = [`--bind-address=${listensOn}`, `--port=${reachedAt.port}`]
    const own = [`--socket=${this.#data}.socket`, `--pid-file=${this.#data}.pid`]
    const server = this.#spawn(this.#data, [...at, ...own, ...kept], 'ignore')
    this.process = server
    const deadline = Date.now() + startMs
    for (;;) {
      const connection = await this.connect().catch(() => undefined)
      if (connection !== undefined) return await connection.end()
      if (Date.now() > deadline || server.exitCode !== null) throw await this.#failed('did not start')
      await sleep(100)
    }
  }

  async #failed(what: string): Promise<Error> {
    await this.stop()
    return new Error(`an instance's MariaDB ${what}: ${(await readFile(`${this.#data}.log`, 'utf8')).slice(-2000)}`)
  }
}

async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to])
}
