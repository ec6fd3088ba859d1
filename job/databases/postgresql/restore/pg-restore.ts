import type { Access } from '../access.ts'
import { connect } from '../connect.ts'
import { execute, keepAlive, tellsOfError, toolFailure, withToolEnvironment } from '../tools.ts'

/** Definitions; rows come next; then where sequences stand, indexes and constraints. */
const [definitions, rest] = [['pre-data'], ['data', 'post-data']]

/** What pg_restore loads, and into which database. */
export interface Archive {
  access: Access
  database: string
  /** pg_dump's folder */
  folder: string
  /** a file with the entries to load, as `pg_restore --list` prints them */
  listFile: string
  /** time limits that pg_restore turns off in every session */
  timeLimits: readonly string[]
  /** further arguments: whom everything will belong to */
  options: readonly string[]
  /** sessions at once */
  parallel: number
  /** for errors: "loading postgresql://…" */
  what: string
}

/**
 * Loads a dump with pg_restore, all but its rows, which may be newer than the server.
 *
 * Every session of pg_restore begins by turning off each time limit that its own version knows, and a server that does
 * not have that limit refuses: `SET transaction_timeout = 0` before PostgreSQL 17. Such a limit needs no turning off.
 * So there pg_restore is let go on after errors, and has succeeded where each of them was such a refusal.
 * @param loadRows loads the rows once everything is defined
 * @throws Failure for every other error
 */
export async function restoreArchive(
  archive: Archive,
  signal: AbortSignal,
  loadRows: () => Promise<void>,
): Promise<void> {
  const { access, database } = archive
  await withToolEnvironment(access, database, (env) => restoreSections(archive, env, signal, loadRows))
}

async function restoreSections(
  archive: Archive,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  loadRows: () => Promise<void>,
): Promise<void> {
  const unknown = await unknownLimits(archive)
  await restore(definitions, archive, unknown, env, signal)
  await loadRows()
  await restore(rest, archive, unknown, env, signal)
}

async function restore(
  sections: readonly string[],
  { folder, listFile, options, parallel, what }: Archive,
  unknown: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const args = [
    keepAlive,
    ...sections.map((section) => `--section=${section}`),
    `--jobs=${parallel}`,
    `--use-list=${listFile}`,
    ...(unknown.length === 0 ? ['--exit-on-error'] : []),
    '--no-password',
    ...options,
    folder,
  ]
  signal.throwIfAborted()
  const { code, stderr } = await execute('pg_restore', args, env, signal)
  signal.throwIfAborted()
  if (code === 0 && !tellsOfError(stderr)) return
  const { errors, words } = judge(stderr, unknown)
  if (code !== 1 || unknown.length === 0 || errors !== 0 || !/errors ignored on restore: \d/.test(words))
    throw toolFailure('pg_restore', what, words, code)
}

/** Time limits that pg_restore turns off, and that this server does not have. */
async function unknownLimits({ access, database, timeLimits }: Archive): Promise<string[]> {
  const { client } = await connect(access, database)
  try {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_settings WHERE name = ANY($1)', [
      timeLimits,
    ])
    return timeLimits.filter((limit) => !rows.some((row) => row.name === limit))
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * How many errors pg_restore told of beyond the refusals of some time limits, and what it said without these. Each
 * refusal is one message that begins after "error: ", ends with the refused command, and is written at once; but the
 * sessions share their error output, and other messages may stand between the "error: " and what follows it. So they
 * are counted apart.
 */
export function judge(stderr: string, limits: readonly string[]): { errors: number; words: string } {
  let refusals = 0
  const message = /could not execute query: (?:(?!Command was: |error: )[^])*Command was: SET (\w+) = 0;\n/g
  const others = stderr.replace(message, (text, limit: string) => {
    if (!limits.includes(limit)) return text
    refusals += 1
    return ''
  })
  const told = others.split('error: ').length - 1
  return { errors: told - refusals, words: others.replace(/(?:pg_restore: error: \n*)+(?=pg_restore: )/g, '') }
}
