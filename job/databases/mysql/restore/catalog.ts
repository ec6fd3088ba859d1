import type { Access } from '../access.ts'
import { connect } from '../connect.ts'
import type { Session } from '../session.ts'
import { isTable, listTables, type Table } from '../tables.ts'
import { parseMark, type Mark } from './mark.ts'
import type { Names } from './names.ts'

/** One of the three places of a restore: in service, restored, former. */
export interface Found {
  /** those of its schemas that exist */
  schemas: string[]
  tables: Table[]
  /** that of the restore whose data it is */
  mark: Mark | undefined
}

/** What there is of a restore. The server is asked each time: it alone knows. */
export type World = { [Place in keyof Names]: Found }

/** Looks which schemas and tables of a restore exist, and whose they are. */
export async function readWorld(session: Session, names: readonly Names[]): Promise<World> {
  const all = names.flatMap(({ live, restored, before }) => [live, restored, before])
  const schemas = await session.query<{ name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?)',
    [all],
  )
  const tables = (await listTables(session, all)).filter(isTable)
  const found = (place: keyof Names): Found => {
    const own = new Set(names.map((one) => one[place]))
    const inside = tables.filter(({ schema }) => own.has(schema))
    return {
      schemas: schemas.map(({ name }) => name).filter((name) => own.has(name)),
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
