import { parseMark } from '../../dump/mark.ts'
import type { Names } from '../../dump/names.ts'
import type { Found, World } from '../../dump/restore-target.ts'
import type { Access } from '../access.ts'
import { connect } from '../connect.ts'
import type { Session } from '../session.ts'
import { isTable, listTables, type Table } from '../tables.ts'

/** The schemas of one place of a restore. */
export interface FoundTables extends Found {
  /** those that exist */
  schemas: string[]
  tables: Table[]
}

export type MysqlWorld = World<FoundTables>

/** Looks which schemas and tables of a restore exist, and whose they are. */
export async function readWorld(session: Session, names: readonly Names[]): Promise<MysqlWorld> {
  const all = names.flatMap(({ live, restored, before }) => [live, restored, before])
  const schemas = await session.query<{ name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?)',
    [all],
  )
  const tables = (await listTables(session, all)).filter(isTable)
  const found = (place: keyof Names): FoundTables => {
    const own = names.map((one) => one[place])
    const inside = tables.filter(({ schema }) => own.includes(schema))
    const existing = schemas.map(({ name }) => name).filter((name) => own.includes(name))
    return {
      name: `schemas ${(existing.length === 0 ? own : existing).join(', ')}`,
      filled: inside.length > 0,
      vacated: existing.some((name) => !inside.some(({ schema }) => schema === name)),
      schemas: existing,
      tables: inside,
      mark: inside.map(({ comment }) => parseMark(comment)).find((mark) => mark !== undefined),
    }
  }
  return { live: found('live'), restored: found('restored'), before: found('before') }
}

/** Works in a session of its own: between loading and switching hours may pass. */
export async function inSession<T>(access: Access, run: (session: Session) => Promise<T>): Promise<T> {
  const { session } = await connect(access)
  try {
    return await run(session)
  } finally {
    session.destroy()
  }
}
