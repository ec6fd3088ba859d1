import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Names } from '../../dump/names.ts'
import { isInService } from '../../dump/restore-target.ts'
import { inTheWay, notLoaded, refuseNoWayBack } from '../../dump/way-back.ts'
import { titleOf, type Access } from '../access.ts'
import { triggersOf } from '../backup/preflight.ts'
import type { Details } from '../details.ts'
import type { Session } from '../session.ts'
import { identifier, quoted, type Table } from '../tables.ts'
import { inSession, readWorld } from './catalog.ts'
import { setMark } from './mark.ts'

/** How long a switch waits for transactions that still use a table, seconds. */
const lockSeconds = 10

/** What is switched. */
export interface Switched {
  access: Access
  names: readonly Names[]
  operation: string
  schemas: Details['schemas']
}

/** Puts the restored tables in service, those that were there beside them: all change their places at once or none. */
export async function putInService({ access, names, operation, schemas }: Switched): Promise<void> {
  await inSession(access, async (session) => {
    const world = await readWorld(session, names)
    if (!isInService(world, operation)) {
      const marked = world.restored.tables.find(({ comment }) => comment.includes(` ${operation} `))
      if (marked === undefined) throw notLoaded(titleOf(access), world.restored)
      if (world.before.filled) throw inTheWay(titleOf(access), world.before)
      const former = world.live.tables
      await createSchemas(session, names, schemas, former.length > 0 ? ['live', 'before'] : ['live'])
      await setMark(session, marked, { operation, state: former.length > 0 ? 'replaced' : 'alone' })
      await rename(access, session, [
        ...moves(former, names, 'live', 'before'),
        ...moves(world.restored.tables, names, 'restored', 'live'),
      ])
    }
    await dropEmpty(session, names, 'restored')
  })
}

/** The reverse. Where the restored tables stood alone, none are in service afterwards. */
export async function takeOutOfService({ access, names, operation, schemas }: Switched): Promise<void> {
  await inSession(access, async (session) => {
    const world = await readWorld(session, names)
    if (isInService(world, operation)) {
      refuseNoWayBack(titleOf(access), world)
      await createSchemas(session, names, schemas, ['restored'])
      await rename(access, session, [
        ...moves(world.live.tables, names, 'live', 'restored'),
        ...moves(world.before.tables, names, 'before', 'live'),
      ])
    }
    await dropEmpty(session, names, 'before')
  })
}

/** Removes schemas of a restore, whatever they hold. */
export async function dropSchemas(
  session: Session,
  names: readonly Names[],
  place: 'restored' | 'before',
): Promise<void> {
  for (const one of names) await session.query(`DROP DATABASE IF EXISTS ${identifier(one[place])}`)
}

/** Creates schemas that are not there yet, like those that were backed up. */
export async function createSchemas(
  session: Session,
  names: readonly Names[],
  schemas: Details['schemas'],
  places: readonly (keyof Names)[],
): Promise<void> {
  for (const one of names) {
    const like = schemas.find(({ name }) => name === one.live)
    const options = like === undefined ? '' : ` CHARACTER SET ${like.charset} COLLATE ${like.collation}`
    for (const place of places) await session.query(`CREATE DATABASE IF NOT EXISTS ${identifier(one[place])}${options}`)
  }
}

/** A schema of a restore whose tables are elsewhere is of no more use. */
async function dropEmpty(session: Session, names: readonly Names[], place: 'restored' | 'before'): Promise<void> {
  const { [place]: found } = await readWorld(session, names)
  const empty = names.filter((one) => !found.tables.some(({ schema }) => schema === one[place]))
  await dropSchemas(session, empty, place)
}

interface Move {
  from: Table
  to: string
}

function moves(tables: readonly Table[], names: readonly Names[], from: keyof Names, to: keyof Names): Move[] {
  return tables.flatMap((table) => {
    const one = names.find((each) => each[from] === table.schema)
    return one === undefined ? [] : [{ from: table, to: one[to] }]
  })
}

/**
 * One statement, which is atomic, a crash included: MySQL since 8.0 (Atomic Data Definition Statement Support), MariaDB
 * since 10.6 (Atomic DDL). It waits until nobody uses any of the tables.
 */
async function rename(access: Access, session: Session, all: readonly Move[]): Promise<void> {
  await session.query(`SET SESSION lock_wait_timeout = ${lockSeconds}`)
  const text = all.map(({ from, to }) => `${quoted(from)} TO ${quoted({ schema: to, name: from.name })}`).join(', ')
  try {
    await session.query(`RENAME TABLE ${text}`)
  } catch (error) {
    throw await switchFailure(access, session, all, error)
  }
}

async function switchFailure(access: Access, session: Session, all: readonly Move[], error: unknown): Promise<Failure> {
  const what = `${titleOf(access)} could not be switched`
  if (error instanceof Error && 'code' in error && error.code === 'ER_LOCK_WAIT_TIMEOUT') {
    const others = await session
      .query<{ User: string; Host: string; Id: number }>('SHOW PROCESSLIST')
      .catch(() => [] as { User: string; Host: string; Id: number }[])
    const who = others.map(({ User, Host, Id }) => `${User} from ${Host} (${Id})`).slice(0, 5)
    return new Failure(
      {
        what,
        why: `a transaction of another session uses its tables; the sessions that this user sees are ${who.join(', ')}`,
        next: 'stop what is connected, or KILL the session, then run the same command again',
      },
      { cause: error },
    )
  }
  const triggers = await triggersOf(session, [...new Set(all.map(({ from }) => from.schema))]).catch(() => [])
  return new Failure(
    {
      what,
      why: triggers.length > 0 ? `${messageOf(error)}: ${triggers.join(', ')}` : messageOf(error),
      next: triggers.length > 0 ? 'drop the triggers' : "look into the server's log for the time of the failure",
    },
    { cause: error },
  )
}
