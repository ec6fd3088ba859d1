import type { Connection } from '../properties.ts'
import { openDatabase, type Database, type Session } from './databases.ts'
import { verdictOf, type Side, type Verdict } from '../data/verdict.ts'

/** Whether a database has a table that its user may see. */
export async function exists(session: Session, namespace: string, name: string): Promise<boolean> {
  const found = await session.query(
    'SELECT 1 AS one FROM information_schema.tables WHERE table_schema = $1 AND table_name = $2',
    [namespace, name],
  )
  return found.length > 0
}

async function readSide(session: Session, namespace: string): Promise<Side | undefined> {
  if (!(await exists(session, namespace, 'account')) || !(await exists(session, namespace, 'transfer')))
    return undefined
  const [accounts] = await session.query<{ counted: string; total: string }>(
    `SELECT count(*) AS counted, coalesce(sum(balance), 0) AS total FROM "${namespace}"."account"`,
  )
  const transfers = await session.query<{ stream: string; number: number; amount: string }>(
    `SELECT stream, number, amount FROM "${namespace}"."transfer"`,
  )
  return {
    accounts: Number(accounts?.counted),
    sum: Number(accounts?.total),
    moved: transfers.reduce((sum, row) => sum + Number(row.amount), 0),
    transfers: new Map(
      transfers.map((row) => [`${row.stream} ${row.number}`, `${row.stream} ${row.number} ${row.amount}`]),
    ),
  }
}

async function count(sessions: Session[], tables: [namespace: string, name: string][]): Promise<number | undefined> {
  for (const session of sessions) {
    for (const [namespace, name] of tables) {
      if (!(await exists(session, namespace, name))) continue
      const [found] = await session.query<{ counted: string }>(
        `SELECT count(*) AS counted FROM "${namespace}"."${name}"`,
      )
      return Number(found?.counted)
    }
  }
  return undefined
}

/**
 * Reads all the given databases, each in one snapshot of its own taken in the order given, and compares. On databases
 * that are being written to, this therefore fails, as any backup without a pause would.
 * @param connections one database, or the two of a multi-storage set-up
 * @throws Error where a database cannot be reached
 */
export async function checkInvariant(connections: readonly Connection[]): Promise<Verdict> {
  const databases: Database[] = []
  const sessions: Awaited<ReturnType<Database['snapshot']>>[] = []
  try {
    for (const connection of connections) databases.push(await openDatabase(connection, 1))
    for (const database of databases) await database.transact((session) => session.query('SELECT 1'))
    for (const database of databases) sessions.push(await database.snapshot())
    return await compare(sessions)
  } finally {
    for (const session of sessions) session.end()
    await Promise.all(databases.map((database) => database.close()))
  }
}

async function compare(sessions: Session[]): Promise<Verdict> {
  const find = async (namespace: string) => {
    for (const session of sessions) {
      const side = await readSide(session, namespace)
      if (side !== undefined) return side
    }
    return undefined
  }
  return verdictOf({
    checking: await find('checking'),
    savings: await find('savings'),
    assets: await count(sessions, [
      ['scalar', 'asset'],
      ['auditor', 'asset'],
    ]),
    states: await count(sessions, [['coordinator', 'state']]),
  })
}
