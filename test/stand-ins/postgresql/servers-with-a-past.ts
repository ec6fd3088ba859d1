import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { appendFile, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { loopbackAddresses, type ServerAddress, type ServerAddresses } from './server-address.ts'
import { postgresqlBinaries } from './binaries.ts'
import { chosenMajor, readable, unprivileged } from './local-server.ts'

const run = promisify(execFile)
/** How long a server may take to start or to recover, ms. */
const startMs = 120_000

/** Every segment of the log is kept, since a restore replays them all; nobody waits for the disk. */
const kept = [
  'wal_level=replica',
  'wal_keep_size=4GB',
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=16MB',
  'max_connections=100',
  'autovacuum=off',
]

export interface Login {
  username: string
  password: string
}

/** A server behind what a service calls its instance. */
export interface ServerWithPast {
  host: string
  port: number
  stop(): Promise<void>
}

/** Makes servers: anew, or as another was at a time. */
export interface ServersWithPast {
  create(login: Login): Promise<ServerWithPast>
  restore(source: ServerWithPast, atMs: number): Promise<ServerWithPast>
}

/** What a service runs, and who makes such servers. */
export type Engine = 'postgresql' | 'mysql'
export type ServersOfEngines = Readonly<Partial<Record<Engine, ServersWithPast>>>

export interface PostgresqlServersOptions {
  /** the folder of the programs, in place of the cache */
  binaries?: string
  /** on this machine alone unless given */
  addresses?: ServerAddresses
}

/**
 * Real PostgreSQL servers, all on one port, as those of a service differ in their hosts alone. A restore replays the
 * log of its source up to the time, as the service itself does (PostgreSQL: continuous archiving and point-in-time
 * recovery).
 */
export async function postgresqlServers(
  options: PostgresqlServersOptions = {},
): Promise<ServersWithPast & { port: number; stop(): Promise<void> }> {
  const user = await unprivileged()
  const folder = await mkdtemp(join(tmpdir(), 'servers-with-a-past-'))
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  const cached = options.binaries ?? (await postgresqlBinaries(chosenMajor()))
  const binaries = user === undefined ? cached : await readable(cached, folder)
  const spawned = { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' } }
  const addresses = options.addresses ?? (await loopbackAddresses())
  const made: PostgresqlInstance[] = []
  // A test that dies must not leave servers behind.
  const onExit = () => made.forEach((one) => one.process?.kill('SIGQUIT'))
  process.once('exit', onExit)
  const place: Place = { folder, binaries, options: spawned, user }

  const add = (login: Login): PostgresqlInstance => {
    const one = new PostgresqlInstance(place, { number: made.length, address: addresses.next(), login })
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
      if (!(source instanceof PostgresqlInstance)) throw new Error('not one of these servers')
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
  binaries: string
  options: { uid?: number; gid?: number; cwd: string; env: Record<string, string> }
  user: { uid: number; gid: number } | undefined
}

class PostgresqlInstance implements ServerWithPast {
  readonly #place: Place
  readonly #data: string
  /** the files as they were before the first line of the log that is kept */
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
    const { binaries, folder, options, user } = this.#place
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, this.login.password)
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
    const how = ['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-sync']
    const who = ['--username', this.login.username, '--pwfile', passwordFile]
    await run(join(binaries, 'initdb'), ['--pgdata', this.#data, ...who, ...how], options)
    await appendFile(join(this.#data, 'pg_hba.conf'), 'host all all all scram-sha-256\n')
    await copy(this.#data, this.#base)
    await this.#start()
  }

  async restoreFrom(source: PostgresqlInstance, atMs: number): Promise<void> {
    // A commit after the time tells the replay where it ends; then the segment goes to where it is read from.
    const client = await source.connect()
    try {
      await client.query('SELECT pg_current_xact_id()')
      await client.query('SELECT pg_switch_wal()')
    } finally {
      await client.end()
    }
    await copy(source.#base, this.#data)
    await writeFile(join(this.#data, 'recovery.signal'), '')
    const { user } = this.#place
    if (user !== undefined) await chown(join(this.#data, 'recovery.signal'), user.uid, user.gid)
    await this.#start([
      `restore_command=cp ${join(source.#data, 'pg_wal')}/%f %p`,
      // Without letters: names of zones are not known yet where it is read.
      `recovery_target_time=${new Date(atMs).toISOString().replace('T', ' ').replace('Z', '+00')}`,
      'recovery_target_action=promote',
    ])
    await this.#until(async (one) => {
      const { rows } = await one.query<{ busy: boolean }>('SELECT pg_is_in_recovery() AS busy')
      return rows[0]?.busy === false
    })
    // It has a past of its own from here on.
    await this.stop()
    await copy(this.#data, this.#base)
    await this.#start()
  }

  async connect(database = 'postgres'): Promise<Client> {
    const { username, password } = this.login
    const client = new Client({ ...this.#own.reachedAt, user: username, password, database })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  async stop(): Promise<void> {
    const server = this.process
    this.process = undefined
    if (server === undefined) return
    const ended = once(server, 'exit')
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGINT')
    await ended
  }

  async #start(settings: readonly string[] = []): Promise<void> {
    const { binaries, options } = this.#place
    const log = openSync(`${this.#data}.log`, 'a')
    const set = [
      `port=${this.#own.reachedAt.port}`,
      `listen_addresses=${this.#own.listensOn}`,
      // All have one port, so their sockets would be one.
      'unix_socket_directories=',
      ...kept,
      ...settings,
    ].flatMap((each) => ['-c', each])
    this.process = spawn(join(binaries, 'postgres'), ['-D', this.#data, ...set], {
      ...options,
      stdio: ['ignore', log, log],
    })
    await this.#until(async (client) => (await client.query('SELECT 1')).rowCount === 1)
  }

  async #until(ready: (client: Client) => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + startMs
    for (;;) {
      const found = await this.#asked(ready).catch((error: unknown) => ({ error }))
      if (found === true) return
      if (Date.now() > deadline || this.process?.exitCode !== null) {
        const text = await readFile(`${this.#data}.log`, 'utf8')
        await this.stop()
        throw new Error(`an instance's PostgreSQL did not start: ${text.slice(-2000)}`, { cause: found })
      }
      await sleep(100)
    }
  }

  async #asked(ready: (client: Client) => Promise<boolean>): Promise<boolean> {
    const client = await this.connect()
    try {
      return await ready(client)
    } finally {
      await client.end()
    }
  }
}

/** With owners and modes: PostgreSQL accepts no others. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to])
}
