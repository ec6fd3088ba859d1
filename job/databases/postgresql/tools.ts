import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../../operation/failure.ts'
import { keepsPassword, type Access } from './access.ts'
import { ownCertificate } from './tls-files.ts'

export type Tool = 'pg_dump' | 'pg_restore'

/** How much of its error output is kept, characters. */
const longestWords = 1_000_000

/** How long a tool may take to end after it was told to, ms. */
const graceMs = 5_000

/**
 * The session of a tool is silent while its other sessions copy, or while an index is built. Routers forget silent
 * connections after some minutes (350 s on AWS, 240 s on Azure), so the kernel asks before that. The database's name is
 * in the environment.
 */
export const keepAlive = '--dbname=keepalives_idle=30 keepalives_interval=10 keepalives_count=6'

/**
 * Runs a tool with what it has to know to connect. libpq takes certificate and key as PEM only, and a key without a
 * password of a file that nobody else may read, which one from a Secret may be: the tool gets copies of its own.
 */
export async function withToolEnvironment<T>(
  access: Access,
  database: string,
  run: (env: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const { certificate, key } = ownCertificate(access.tls)
  if (certificate === undefined && key === undefined) return await run(toolEnvironment(access, database))
  const folder = await mkdtemp(join(tmpdir(), 'key-'))
  try {
    const copy = async (name: string, content: string | undefined) => {
      if (content === undefined) return undefined
      const path = join(folder, name)
      await writeFile(path, content, { mode: 0o600 })
      return path
    }
    return await run({
      ...toolEnvironment(access, database),
      PGSSLCERT: await copy('certificate.pem', certificate),
      PGSSLKEY: await copy('key.pem', key),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The environment of a tool that connects to nothing. */
export function localTool(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C' }
}

/**
 * The environment of libpq: the only way a password reaches a tool. Nothing else of the worker's own environment does.
 */
function toolEnvironment(access: Access, database: string): NodeJS.ProcessEnv {
  const { tls } = access
  const [server] = access.hosts
  return {
    PATH: process.env['PATH'],
    // Messages in English, whose meaning is known here.
    LC_ALL: 'C',
    PGHOST: server?.host,
    PGPORT: String(server?.port ?? 5432),
    PGUSER: access.username,
    PGDATABASE: database,
    PGPASSFILE: '/dev/null',
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: 'kubectl-scalardl',
    PGGSSENCMODE: 'disable',
    PGSSLMODE: tls.mode,
    // libpq from version 16 on: what the server may ask for
    ...(keepsPassword(access) ? { PGREQUIREAUTH: 'scram-sha-256,none' } : {}),
    ...(access.password === undefined ? {} : { PGPASSWORD: access.password }),
    ...(tls.rootCertificate === undefined ? {} : { PGSSLROOTCERT: tls.rootCertificate }),
  }
}

/**
 * Runs one of PostgreSQL's tools to its end; answers with what it printed.
 * @param what for the error: "the dump of postgresql://…"
 * @throws Failure with what the tool said; the reason of `signal` when that ended it
 */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  what: string,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted()
  const { code, stdout, stderr } = await execute(tool, args, env, signal)
  signal.throwIfAborted()
  if (code === 0 && !tellsOfError(stderr)) return stdout
  throw toolFailure(tool, what, stderr, code)
}

/** Whether a tool told of an error, which counts whatever exit code it ends with. */
export function tellsOfError(stderr: string): boolean {
  return /^pg_\w+: (?:error|fatal): /m.test(stderr)
}

/** Major version of a tool. @throws Failure where this image has none */
export async function toolMajor(tool: Tool, signal: AbortSignal): Promise<number> {
  const text = await runTool(tool, ['--version'], localTool(), 'its version', signal)
  return Number(/(\d+)[.\d]*/.exec(text)?.[1] ?? 0)
}

/**
 * Runs one of PostgreSQL's tools to its end, whatever that is.
 * @throws Failure where this image has none
 */
export async function execute(
  tool: Tool,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(tool, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  // The first error says most; what follows is its echo.
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (output.stderr = (output.stderr + text).slice(0, longestWords)))
  let kill: NodeJS.Timeout | undefined
  const end = () => {
    child.kill('SIGTERM')
    kill = setTimeout(() => child.kill('SIGKILL'), graceMs)
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, ...output }
  } catch (error) {
    throw new Failure(
      {
        what: `${tool} cannot be run`,
        why: `there is no ${tool} in the worker's image`,
        next: 'use the worker image with the SQL tools (worker-sql) by --image',
      },
      { cause: error },
    )
  } finally {
    signal.removeEventListener('abort', end)
    clearTimeout(kill)
  }
}

const schemaChange = 'a schema change ran during the dump; run it again when none is under way'

/** What a tool may say, and what that means where it does not say it itself. */
const known: readonly { matches: RegExp; why?: string; next: string }[] = [
  {
    matches: /No space left on device/,
    next: 'make room where the file or the database is kept, then run the same command again',
  },
  {
    matches: /server version mismatch/,
    next: "use a worker image whose pg_dump is at least of the server's major version",
  },
  {
    matches: /lock timeout|could not obtain lock/,
    next: schemaChange,
  },
  {
    // pg_dump sets no other: `--lock-wait-timeout` is the time limit of the statement that locks (pg_dump.c).
    matches: /canceling statement due to statement timeout/,
    why: 'it could not have the lock of a table in time',
    next: schemaChange,
  },
  {
    matches: /snapshot/,
    next: 'connect to the server itself, not through a connection pooler, and check that nothing ends idle sessions',
  },
  {
    matches: /permission denied|must be (owner|member|able)/,
    next: 'give a Secret of a user with the rights by --database-secret',
  },
  {
    matches: /does not exist|could not open relation|was concurrently dropped/,
    next: 'tables were changed during the dump; run it again when no schema change is under way',
  },
  {
    matches: /could not connect|connection .*failed|server closed the connection/,
    next: 'check that the database serves, then run the command again',
  },
]

/** What a tool says of itself, without its DETAIL and CONTEXT lines, which may quote rows. */
export function toolFailure(tool: Tool, what: string, stderr: string, code: number | null): Failure {
  const lines = stderr.split('\n').filter((line) => /error:|fatal:|ERROR:|FATAL:/.test(line))
  const said = lines
    .slice(0, 3)
    .map((line) => line.replace(new RegExp(`^${tool}: (error: )?`), '').slice(0, 300))
    .join('; ')
  const fits = known.find(({ matches }) => matches.test(stderr))
  const words = said === '' ? `${tool} ended with ${code === null ? 'a signal' : `exit code ${code}`}` : said
  return new Failure({
    what: `${what} failed`,
    why: fits?.why === undefined ? words : `${fits.why}: ${words}`,
    next: fits?.next ?? "look into the server's log for the time of the failure",
  })
}
