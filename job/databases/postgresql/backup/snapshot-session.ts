import type { Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import { connect } from '../connect.ts'
import { titleOf, type Access } from '../access.ts'
import { lockPatienceMs, quoted, type Table } from '../tables.ts'

/**
 * The session that exports a snapshot and holds it. Its transaction is begun and the tables are locked (ACCESS SHARE:
 * against TRUNCATE and schema changes, not against reading and writing) before the pause; PostgreSQL takes the snapshot
 * itself at the first query, so inside the pause one short query is left.
 */
export interface SnapshotSession {
  client: Client
  /**
   * Once: a transaction has one snapshot. @returns the identifier for `pg_dump --snapshot` and SET TRANSACTION SNAPSHOT
   */
  take(): Promise<string>
  /** aborted when the session, and with it the snapshot, is lost */
  lost: AbortSignal
  end(): Promise<void>
}

/**
 * How often the session says something while others dump, ms: proxies and load balancers that count bytes, and not the
 * kernel's own probes, end a connection that is silent for some minutes.
 */
const talkMs = 30_000

/** Opens the session and waits ready. */
export async function openSnapshotSession(
  access: Access,
  tables: readonly Table[],
  everyMs = talkMs,
): Promise<SnapshotSession> {
  const { client } = await connect(access)
  const lost = new AbortController()
  let ending = false
  client.on('end', () => {
    if (!ending) lost.abort(sessionLost(titleOf(access)))
  })
  let talk: NodeJS.Timeout | undefined
  client.on('end', () => clearInterval(talk))
  const end = async () => {
    ending = true
    clearInterval(talk)
    await client.end().catch(() => undefined)
  }
  try {
    await client.query(
      `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = ${lockPatienceMs}`,
    )
    // Settings of newer servers that end idle sessions or long transactions.
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')`,
    )
    for (const { name } of rows) await client.query(`SET ${name} = 0`)
    await client.query(beginStatements(tables))
  } catch (error) {
    await end()
    throw error
  }
  return {
    client,
    lost: lost.signal,
    end,
    async take() {
      const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id')
      const [row] = rows
      if (row === undefined) throw new Error('pg_export_snapshot() gave nothing')
      // Not before: the first query takes the snapshot.
      clearInterval(talk)
      talk = setInterval(() => void client.query('SELECT 1').catch(() => undefined), everyMs)
      return row.id
    },
  }
}

function beginStatements(tables: readonly Table[]): string {
  const lock =
    tables.length === 0
      ? ''
      : `; LOCK TABLE ${tables.map((table) => `ONLY ${quoted(table)}`).join(', ')} IN ACCESS SHARE MODE`
  return `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY${lock}`
}

function sessionLost(title: string): Failure {
  return new Failure({
    what: `the snapshot of ${title} is lost`,
    why: 'the session that held it ended',
    next:
      'check that the database serves and that nothing (a proxy, a time limit) ends idle sessions, ' +
      'then run the backup again',
  })
}
