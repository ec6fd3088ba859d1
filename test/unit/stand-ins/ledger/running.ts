import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import type { Connection } from '../../../stand-ins/ledger/properties.ts'
import type { LocalPostgresql } from '../../../stand-ins/postgresql/local-server.ts'

const program = resolve(import.meta.dirname, '../../../stand-ins/ledger/main.ts')

/** A stand-in as a process of its own, on ports of its own. */
export interface RunningProgram {
  /** its gRPC ports, the last for rpc.Admin */
  ports: number[]
  control: number
  /** sends SIGTERM; how it ended and after how many ms */
  terminate(): Promise<{ exitCode: number | null; ms: number }>
  /** what its `check` or `damage` prints */
  command(name: 'check' | 'damage'): Promise<unknown>
}

export interface RunningStandIn extends RunningProgram {
  connections: Connection[]
}

interface StandInOptions {
  server: LocalPostgresql
  /** two for a multi-storage set-up, one for plain jdbc; created where they are missing */
  databases: readonly [string] | readonly [string, string]
  environment?: Record<string, string>
  /** further lines of the properties file */
  properties?: readonly string[]
}

function propertiesOf({ server, databases }: StandInOptions): string[] {
  const url = (database: string) => `jdbc:postgresql://${server.host}:${server.port}/${database}`
  const [a, b] = databases
  const credentials = ['username=${env:DB_USERNAME}', 'password={{ default .Env.DB_PASSWORD "" }}']
  if (b === undefined)
    return [
      'scalar.db.storage=jdbc',
      `scalar.db.contact_points=${url(a)}`,
      ...credentials.map((each) => `scalar.db.${each}`),
    ]
  const storage = (name: string, database: string) =>
    ['storage=jdbc', `contact_points=${url(database)}`, ...credentials].map(
      (each) => `scalar.db.multi_storage.storages.${name}.${each}`,
    )
  return [
    'scalar.db.storage=multi-storage',
    'scalar.db.multi_storage.storages=a,b',
    ...storage('a', a),
    ...storage('b', b),
    'scalar.db.multi_storage.namespace_mapping=scalar:a,coordinator:a,checking:a,savings:b',
    'scalar.db.multi_storage.default_storage=a',
  ]
}

async function createDatabases({ server, databases }: StandInOptions): Promise<void> {
  const client = await server.connect()
  try {
    for (const database of databases) {
      // Two pods of one test may ask at the same moment.
      await client.query("SELECT pg_advisory_lock(hashtext('create database'))")
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
      if (found.rowCount === 0) await client.query(`CREATE DATABASE "${database}"`)
    }
  } finally {
    await client.end()
  }
}

/**
 * Starts a stand-in and waits until it serves; the end of the test ends it. @throws Error with its output where it ends
 * or is not ready in 20 s.
 */
export async function runStandInProcess(t: Pick<Test, 'teardown'>, options: StandInOptions): Promise<RunningStandIn> {
  const { server, databases, environment = {}, properties = [] } = options
  await createDatabases(options)
  const running = await runProgram(t, [...propertiesOf(options), ...properties], {
    DB_USERNAME: server.superuser,
    DB_PASSWORD: server.password,
    ...environment,
  })
  return {
    ...running,
    connections: databases.map((database) => ({
      kind: 'postgresql',
      host: server.host,
      port: server.port,
      database,
      user: server.superuser,
      password: server.password,
    })),
  }
}

/** The same with these lines of properties, whatever its databases are. */
export async function runProgram(
  t: Pick<Test, 'teardown'>,
  properties: readonly string[],
  environment: Record<string, string>,
): Promise<RunningProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'stand-in-'))
  const file = join(folder, 'ledger.properties')
  const free = ['port', 'privileged_port', 'admin_port', 'decommissioning_duration_secs'].map(
    (each) => `scalar.dl.ledger.server.${each}=0`,
  )
  await writeFile(file, [...free, ...properties].join('\n'))
  const env = {
    PATH: process.env['PATH'],
    STAND_IN_PROPERTIES: file,
    STAND_IN_CONTROL_PORT: '0',
    HOSTNAME: 'ledger-0',
    ...environment,
  }
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  const ready = Promise.withResolvers<RegExpExecArray>()
  const output: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    output.push(line)
    const match = /gRPC on ([\d ]+)(?: with TLS)?, control on (\d+)/.exec(line)
    if (match !== null) ready.resolve(match)
  })
  const fail = () => ready.reject(new Error(`the stand-in is not ready: ${output.join('\n')}`))
  const timer = setTimeout(fail, 120_000)
  child.once('exit', fail)
  const match = await ready.promise
  clearTimeout(timer)
  return {
    ports: (match[1] ?? '').split(' ').map(Number),
    control: Number(match[2]),
    command: async (name) => {
      const asked = spawn(process.execPath, [program, name], { env, stdio: ['ignore', 'pipe', 'inherit'] })
      return JSON.parse((await asked.stdout.toArray()).join(''))
    },
    terminate: async () => {
      const start = Date.now()
      child.kill('SIGTERM')
      await ended
      return { exitCode: child.exitCode, ms: Date.now() - start }
    },
  }
}
