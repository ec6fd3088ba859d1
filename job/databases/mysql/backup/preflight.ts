import type { Finding } from '../../../../operation/finding.ts'
import { isReplica } from '../connect.ts'
import { readRights } from '../rights.ts'
import { nameOf, readServer } from '../server.ts'
import type { Session } from '../session.ts'
import { columnsOf, isTable, type Table } from '../tables.ts'
import { isKept } from './columns.ts'
import type { Scope } from './scope.ts'
import { zonedColumns } from './zoned-columns.ts'

/** The oldest releases that this is tried with, or close to. */
const oldest = { MySQL: [8, 0], MariaDB: [10, 6] } as const

/** The server is a primary of a kind and a release that this program knows. */
export async function checkServer(session: Session, title: string): Promise<Finding> {
  const server = await readServer(session)
  const check = { check: 'server', subject: title }
  if (server.stranger !== undefined) {
    return {
      ...check,
      outcome: 'error',
      message: `it is ${server.stranger}, which speaks MySQL's protocol and keeps snapshots in another way`,
      cure: 'use the backup of that database itself within `kubectl scalardl pause` and `unpause`',
    }
  }
  const [major, minor] = oldest[server.product]
  if (server.major < major || (server.major === major && server.minor < minor)) {
    return {
      ...check,
      outcome: 'error',
      message: `it is ${nameOf(server)}; the oldest that works is ${server.product} ${major}.${minor}`,
      cure: 'upgrade the server',
    }
  }
  if (await isReplica(session)) {
    return {
      ...check,
      outcome: 'error',
      message: 'it takes reads only: a replica, which lags behind what the release has written',
      cure: 'use the address of the primary',
    }
  }
  return { ...check, outcome: 'ok', message: `${nameOf(server)}, a primary` }
}

/** The rights, what a dump could not keep, and what of these schemas it leaves out. */
export async function checkScope(
  session: Session,
  title: string,
  scope: Scope,
  found: readonly Table[],
): Promise<Finding[]> {
  const tables = found.filter(isTable)
  const rights = await readRights(session)
  const missing = scope.schemas.flatMap((schema) =>
    ['SELECT', 'TRIGGER'].flatMap((privilege) =>
      rights.has(privilege, schema) ? [] : [`${privilege} on \`${schema}\`.*`],
    ),
  )
  const obstacles = [
    ...tables.flatMap((table) => obstacleOf(table) ?? []),
    ...(await strangeColumns(session, tables)),
    ...(await zonedColumns(session, scope.schemas)).map((name) => `${name} (generated in its writer's time zone)`),
    ...(await triggersOf(session, scope.schemas)),
    ...(await foreignKeysOf(session, scope.schemas)),
  ]
  const besides = [
    ...found.filter((one) => !isTable(one)).map(({ schema, name, type }) => `${type.toLowerCase()} ${schema}.${name}`),
    ...(await programsOf(session, scope.schemas)),
  ]
  const check = { check: 'tables', subject: title }
  const findings: Finding[] = []
  if (missing.length > 0) {
    findings.push({
      check: 'rights',
      subject: title,
      outcome: 'error',
      message: `the user has not ${missing.join(', ')}; what it may not read it does not even see`,
      cure: 'grant these, or give a Secret of another user by --database-secret',
    })
  }
  findings.push(
    obstacles.length === 0
      ? { ...check, outcome: 'ok', message: `${tables.length} tables in ${scope.schemas.join(', ')}` }
      : {
          ...check,
          outcome: 'error',
          message: `a dump could not keep ${obstacles.join(', ')}`,
          cure: 'move these to another schema, or back the server up by its own means within `kubectl scalardl pause`',
        },
  )
  if (besides.length > 0) {
    findings.push({
      check: 'beside the tables',
      subject: title,
      outcome: 'warning',
      message: `not in the backup: ${besides.join(', ')}; a restore into this server leaves them as they are`,
      cure: 'nothing, if they are not needed; else keep a way to make them again on another server',
    })
  }
  if (scope.absent.length > 0) {
    findings.push({
      check: 'schemas',
      subject: title,
      outcome: 'warning',
      message: `ScalarDB tells of ${scope.absent.join(', ')}, which this user does not see on this server`,
      cure: 'nothing, if they were dropped or live in another storage; else grant SELECT on them',
    })
  }
  return findings
}

/** Whether the connections that an operation opens fit into what the server leaves at this moment. */
export async function checkConnections(session: Session, title: string, needed: number, who: string): Promise<Finding> {
  const [limits] = await session.query<{ all: number; own: number }>(
    'SELECT @@global.max_connections AS `all`, @@session.max_user_connections AS own',
  )
  const [used] = await session.query<{ Value: string }>(`SHOW GLOBAL STATUS LIKE 'Threads_connected'`)
  const free = (limits?.all ?? 0) - Number(used?.Value)
  const own = limits?.own ?? 0
  const check = { check: 'connections', subject: title }
  const limit = free < needed ? `the server has ${Math.max(0, free)} left` : `the user may have ${own}`
  if (free < needed || (own > 0 && own <= needed)) {
    return {
      ...check,
      outcome: 'error',
      message: `${limit}, ${who} opens ${needed} more`,
      cure: 'lower --parallel, or raise max_connections or max_user_connections',
    }
  }
  return { ...check, outcome: 'ok', message: `the server has ${free} left, ${who} opens ${needed} more` }
}

function obstacleOf({ schema, name, type, engine }: Table): string | undefined {
  if (hasLineFeed(name)) return `${schema}.${JSON.stringify(name)} (a line feed in its name)`
  if (type !== 'BASE TABLE') return `${schema}.${name} (its history would be lost: system-versioned)`
  return engine.toLowerCase() === 'innodb' ? undefined : `${schema}.${name} (engine ${engine} has no snapshots)`
}

async function strangeColumns(session: Session, tables: readonly Table[]): Promise<string[]> {
  const strange: string[] = []
  for (const table of tables)
    for (const column of await columnsOf(session, table))
      if (!isKept(column)) strange.push(`${table.schema}.${table.name}.${column.name} (type ${column.type})`)
      else if (hasLineFeed(column.name))
        strange.push(`${table.schema}.${table.name}.${JSON.stringify(column.name)} (a line feed in its name)`)
  return strange
}

/** A dump has a statement on each line. */
function hasLineFeed(name: string): boolean {
  return name.includes('\n')
}

/** Triggers: they keep a table from being renamed into another schema. */
export async function triggersOf(session: Session, schemas: readonly string[]): Promise<string[]> {
  if (schemas.length === 0) return []
  const rows = await session.query<{ name: string }>(
    `SELECT concat('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME, ' of table ', EVENT_OBJECT_TABLE) AS name
     FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA IN (?) ORDER BY 1`,
    [schemas],
  )
  return rows.map((row) => row.name)
}

/** Foreign keys from or to tables of some schemas: they follow a renamed table, out of service too. */
export async function foreignKeysOf(session: Session, schemas: readonly string[]): Promise<string[]> {
  if (schemas.length === 0) return []
  const rows = await session.query<{ name: string }>(
    `SELECT DISTINCT concat('foreign key ', CONSTRAINT_NAME, ' of ', TABLE_SCHEMA, '.', TABLE_NAME) AS name
     FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL
       AND (TABLE_SCHEMA IN (?) OR REFERENCED_TABLE_SCHEMA IN (?)) ORDER BY 1`,
    [schemas, schemas],
  )
  return rows.map((row) => row.name)
}

async function programsOf(session: Session, schemas: readonly string[]): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT concat(lower(ROUTINE_TYPE), ' ', ROUTINE_SCHEMA, '.', ROUTINE_NAME) AS name
       FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (?)
     UNION ALL SELECT concat('event ', EVENT_SCHEMA, '.', EVENT_NAME)
       FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (?)
     ORDER BY 1`,
    [schemas, schemas],
  )
  return rows.map((row) => row.name)
}
