import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import { parseMark, withMark, withoutMark, type Mark } from '../../dump/mark.ts'
import type { Names } from '../../dump/names.ts'
import type { Found, World } from '../../dump/restore-target.ts'
import type { Access } from '../access.ts'
import { connect } from '../connect.ts'

/** A database of a restore as the server's catalog has it. */
export interface FoundDatabase extends Found {
  /** undefined where there is no such database */
  owner: string | undefined
  /** what people wrote of it; empty where nothing */
  comment: string
}

export type PostgresqlWorld = World<FoundDatabase>

/** Looks which of a restore's databases exist, and whose they are. */
export async function readWorld(client: Client, names: Names): Promise<PostgresqlWorld> {
  const { rows } = await client.query<{ name: string; owner: string; comment: string | null }>(
    `SELECT datname AS name, pg_get_userbyid(datdba) AS owner, shobj_description(oid, 'pg_database') AS comment
     FROM pg_database WHERE datname = ANY($1)`,
    [Object.values(names)],
  )
  const found = (name: string): FoundDatabase => {
    const row = rows.find((one) => one.name === name)
    const comment = row?.comment ?? ''
    return {
      name: `database ${name}`,
      filled: row !== undefined,
      vacated: false,
      owner: row?.owner,
      mark: parseMark(comment),
      comment: withoutMark(comment),
    }
  }
  return { live: found(names.live), restored: found(names.restored), before: found(names.before) }
}

/** Marks a database in its comment, after what people wrote. */
export async function setMark(client: Client, database: string, comment: string, mark: Mark): Promise<void> {
  await client.query(`COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(withMark(comment, mark))}`)
}

/** Bytes of a database on the server's disk. */
export async function sizeOf(client: Client, database: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size($1) AS bytes', [database])
  return Number(rows[0]?.bytes)
}

/** Who is in some databases: clients, and the server's own workers. */
export async function sessionsOf(
  client: Client,
  databases: readonly string[],
): Promise<{ pid: number; who: string }[]> {
  const { rows } = await client.query<{ pid: number; who: string }>(
    `SELECT pid, format('%s%s%s', coalesce(usename, backend_type), ' from ' || host(client_addr),
       CASE WHEN coalesce(application_name, '') = '' THEN '' ELSE format(' (%s)', application_name) END) AS who
     FROM pg_stat_activity WHERE datname = ANY($1) AND pid <> pg_backend_pid()`,
    [databases],
  )
  return rows
}

/**
 * Ends the sessions in some databases, each that this user may end. Among the others may be a worker of autovacuum,
 * which only a superuser ends, and which the server sends away itself before it drops or renames a database.
 */
export async function endSessions(client: Client, databases: readonly string[]): Promise<void> {
  for (const { pid } of await sessionsOf(client, databases))
    await client.query('SELECT pg_terminate_backend($1)', [pid]).catch(() => undefined)
}

/** Works in a database other than the restored one, since none can be created, renamed or dropped from within. */
export async function maintain<T>(access: Access, run: (client: Client) => Promise<T>): Promise<T> {
  const { client } = await connectMaintenance(access)
  try {
    return await run(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function connectMaintenance(access: Access): ReturnType<typeof connect> {
  const candidates = ['postgres', 'template1'].filter((name) => name !== access.database)
  const failures: Failure[] = []
  for (const database of candidates) {
    try {
      return await connect(access, database)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
    }
  }
  throw failures[0] ?? new Error('no maintenance database')
}
