import { createPool, type PoolConnection, type ResultSetHeader } from 'mysql2/promise'
import type { DataType } from '../data/tables.ts'
import type { Connection } from '../properties.ts'
import { valuesOf, type Database, type Session } from './databases.ts'

const types: Record<DataType, string> = { TEXT: 'LONGTEXT', INT: 'INT', BIGINT: 'BIGINT', BLOB: 'LONGBLOB' }

/** How long a statement may take, ms; the data of a large installation may take as long as it likes. */
const patienceMs = 10_000

function sessionOf(connection: PoolConnection): Session {
  const run = async (text: string, values: readonly unknown[] = []) => {
    const ordered: unknown[] = []
    const sql = text.replace(/\$(\d+)/g, (_, place: string) => {
      ordered.push(values[Number(place) - 1])
      return '?'
    })
    const [result] = await connection.query(sql, ordered)
    return result
  }
  const changed = async (text: string, values?: readonly unknown[]) =>
    ((await run(text, values)) as ResultSetHeader).affectedRows
  return {
    query: async <Row>(text: string, values?: readonly unknown[]) => (await run(text, values)) as Row[],
    change: changed,
    add: async (table, rows) => {
      const { text, values } = valuesOf(rows)
      return await changed(`INSERT IGNORE INTO ${table} ${text}`, values)
    },
  }
}

/** A server of MySQL or MariaDB, whose schemas are the namespaces. @param connections how many its pool may hold */
export function mysqlDatabase({ host, port, user, password }: Connection, connections: number): Database {
  const pool = createPool({
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    charset: 'utf8mb4',
    connectTimeout: 5_000,
    connectionLimit: connections,
    // Rows that an UPDATE found, as others count them.
    flags: ['FOUND_ROWS'],
  })
  pool.pool.on('connection', (connection) => {
    connection.on('error', () => {})
    connection.query(
      `SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES', innodb_lock_wait_timeout = ${patienceMs / 1000}`,
    )
  })
  const withConnection = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const connection = await pool.getConnection()
    try {
      const result = await work(sessionOf(connection))
      connection.release()
      return result
    } catch (error) {
      // The connection may be what failed; another one is made when it is needed.
      connection.destroy()
      throw error
    }
  }
  return {
    columnType: (type, isKey) =>
      isKey && type === 'TEXT' ? 'VARCHAR(128)' : isKey && type === 'BLOB' ? 'VARBINARY(128)' : types[type],
    addSchema: async (session, name) => void (await session.query(`CREATE SCHEMA IF NOT EXISTS "${name}"`)),
    transact: (work) =>
      withConnection(async (session) => {
        await session.query('START TRANSACTION')
        const result = await work(session)
        await session.query('COMMIT')
        return result
      }),
    alone: (work) =>
      withConnection(async (session) => {
        await session.query("SELECT GET_LOCK('scalardl-stand-in', 3600)")
        await work(session)
        await session.query("SELECT RELEASE_LOCK('scalardl-stand-in')")
      }),
    snapshot: async () => {
      const connection = await pool.getConnection()
      await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
      return { ...sessionOf(connection), end: () => connection.destroy() }
    },
    close: () => pool.end(),
  }
}
