import type { Client } from 'pg'
import { Failure } from '../../../operation/failure.ts'
import type { Access } from './access.ts'
import { connect } from './connect.ts'
import { markerSetting, type Names } from './names.ts'

/** Which restore made a database, and what it did with it last; kept as a setting of the database, so it survives renaming. */
export interface Mark {
  operation: string
  /** loaded and verified; in service in place of another; in service where none was before */
  state: 'loaded' | 'replaced' | 'alone'
}

/** A database as the server's catalog has it. */
export interface Found {
  owner: string
  mark: Mark | undefined
}

/** Which of a restore's databases exist. The server is asked each time: it alone knows. */
export type World = { [Name in keyof Names]: Found | undefined }

/** Looks which of a restore's databases exist, and whose they are. */
export async function readWorld(client: Client, names: Names): Promise<World> {
  const { rows } = await client.query<{ name: string; owner: string; mark: string | null }>(
    `SELECT d.datname AS name, pg_get_userbyid(d.datdba) AS owner,
       (SELECT substr(value, length($2) + 2) FROM pg_db_role_setting s, unnest(s.setconfig) value
        WHERE s.setdatabase = d.oid AND s.setrole = 0 AND starts_with(value, $2 || '=')) AS mark
     FROM pg_database d WHERE d.datname = ANY($1)`,
    [Object.values(names), markerSetting],
  )
  const found = (name: string): Found | undefined => {
    const row = rows.find((one) => one.name === name)
    return row === undefined ? undefined : { owner: row.owner, mark: parseMark(row.mark) }
  }
  return { live: found(names.live), restored: found(names.restored), before: found(names.before) }
}

/** The text of a mark, as a setting's value. */
export function formatMark(mark: Mark): string {
  return `${mark.operation} ${mark.state}`
}

function parseMark(text: string | null): Mark | undefined {
  const [operation, state] = text?.split(' ') ?? []
  if (operation === undefined || (state !== 'loaded' && state !== 'replaced' && state !== 'alone')) return undefined
  return { operation, state }
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
