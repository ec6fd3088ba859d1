import { Failure } from '../../../operation/failure.ts'
import { connectionFailure } from '../connection-failure.ts'
import { NoPrimary } from '../errors.ts'
import { refuseUnverified, titleOf, type Access } from './access.ts'
import { connectionErrors } from './connection-errors.ts'
import { openSession, type Session } from './session.ts'
import { tlsOptions } from './tls.ts'

/** A session, and the access narrowed to the server that answered. */
export interface Connected {
  session: Session
  access: Access
}

/** How long a table is waited for that another session has locked, seconds; a server's own limit may be a year. */
const lockSeconds = 60

/**
 * What a server may set otherwise for every session. A limit on the rows of a SELECT would leave the rest of a table
 * out without a word, and whoever ends a transaction is to have neither another one nor a closed connection.
 */
const settings = `time_zone = '+00:00', sql_mode = '', sql_quote_show_create = 1, sql_select_limit = ${2n ** 64n - 1n},
  sql_big_selects = 1, autocommit = 1, completion_type = 0, wait_timeout = 86400, net_read_timeout = 3600,
  net_write_timeout = 3600, lock_wait_timeout = ${lockSeconds}`

/**
 * Connects to a server; of several hosts to the first that takes writes. Limits on the time and the rows of statements
 * and on idle sessions are off, times are UTC, and no mode changes what SHOW CREATE says.
 * @param charset in which statements are sent, see openSession()
 * @throws Failure with the cure that fits: password, network, TLS
 */
export async function connect(access: Access, charset: 'utf8mb4' | 'binary' = 'utf8mb4'): Promise<Connected> {
  refuseUnverified(access)
  const failures: Failure[] = []
  for (const host of access.hosts) {
    const narrowed = { ...access, hosts: [host] }
    try {
      const session = await connectHost(narrowed, charset)
      await session.query(`SET SESSION ${settings}`)
      for (const setting of await limitsOf(session)) await session.query(`SET SESSION ${setting} = 0`)
      if (access.hosts.length === 1 || !(await isReplica(session))) return { session, access: narrowed }
      await session.end()
    } catch (error) {
      failures.push(connectionFailure(titleOf(narrowed), access, error, connectionErrors))
    }
  }
  throw failures[0] ?? new NoPrimary(titleOf(access), 'every server that answered takes reads only')
}

/** Whether the server takes no writes: a replica, whose data lags. */
export async function isReplica(session: Session): Promise<boolean> {
  const [row] = await session.query<{ readOnly: number }>('SELECT @@global.read_only AS readOnly')
  return row?.readOnly === 1
}

/** Limits on the time of a statement or a transaction, and on the age of sizes, where this server has them. */
async function limitsOf(session: Session): Promise<string[]> {
  const rows = await session.query<{ Variable_name: string }>(
    `SHOW SESSION VARIABLES WHERE Variable_name IN ('max_execution_time', 'max_statement_time',
       'idle_transaction_timeout', 'idle_readonly_transaction_timeout', 'information_schema_stats_expiry')`,
  )
  return rows.map((row) => row.Variable_name)
}

async function connectHost(access: Access, charset: 'utf8mb4' | 'binary'): Promise<Session> {
  const { mode } = access.tls
  if (mode === 'disable') return await openSession(access, undefined, charset)
  try {
    return await openSession(access, await tlsOptions(access), charset)
  } catch (error) {
    if (mode !== 'prefer' || !refusesEncryption(error)) throw error
    return await openSession(access, undefined, charset)
  }
}

function refusesEncryption(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT'
}
