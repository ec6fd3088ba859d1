import type { Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import type { Access } from '../access.ts'
import { connect } from '../connect.ts'
import { parseMark, withoutMark, type Mark } from './mark.ts'
import type { Names } from './names.ts'

/** A database as the server's catalog has it. */
export interface Found {
  owner: string
  mark: Mark | undefined
  /** what people wrote of it */
  comment: string | null
}

/** Which of a restore's databases exist. The server is asked each time: it alone knows. */
export type World = { [Name in keyof Names]: Found | undefined }

/** Looks which of a restore's databases exist, and whose they are. */
export async function readWorld(client: Client, names: Names): Promise<World> {
  const { rows } = await client.query<{ name: string; owner: string; comment: string | null }>(
    `SELECT datname AS name, pg_get_userbyid(datdba) AS owner, shobj_description(oid, 'pg_database') AS comment
     FROM pg_database WHERE datname = ANY($1)`,
    [Object.values(names)],
  )
  const found = (name: string): Found | undefined => {
    const row = rows.find((one) => one.name === name)
    return row === undefined
      ? undefined
      : { owner: row.owner, mark: parseMark(row.comment), comment: withoutMark(row.comment) }
  }
  return { live: found(names.live), restored: found(names.restored), before: found(names.before) }
}

/** Bytes of a database on the server's disk. */
export async function sizeOf(client: Client, database: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size($1) AS bytes', [database])
  return Number(rows[0]?.bytes)
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
