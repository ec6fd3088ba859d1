import { Pool, type PoolClient } from 'pg'
import type { DataType } from '../data/tables.ts'
import type { Connection } from '../properties.ts'
import { valuesOf, type Database, type Session } from './databases.ts'

const types: Record<DataType, string> = { TEXT: 'TEXT', INT: 'INT', BIGINT: 'BIGINT', BLOB: 'BYTEA' }

function sessionOf(client: PoolClient): Session {
  const run = (text: string, values: readonly unknown[] = []) => client.query(text, [...values])
  return {
    query: async <Row>(text: string, values?: readonly unknown[]) => (await run(text, values)).rows as Row[],
    change: async (text, values) => (await run(text, values)).rowCount ?? 0,
    add: async (table, rows) => {
      const { text, values } = valuesOf(rows)
      return (await run(`INSERT INTO ${table} ${text} ON CONFLICT DO NOTHING`, values)).rowCount ?? 0
    },
  }
}

/** @param connections how many its pool may hold */
export function postgresqlDatabase(connection: Connection, connections: number): Database {
  const { host, port, database, user, password, ssl } = connection
  const pool = new Pool({
    host,
    port,
    database,
    user,
    password,
    ssl: ssl === true ? { rejectUnauthorized: false } : false,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    keepAlive: true,
    max: connections,
    application_name: 'scalardl-stand-in',
  })
  // A connection that breaks, as when a database is renamed, is no reason to die: neither an idle one nor one between
  // queries.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))

  const transact: Database['transact'] = async (work) => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      const result = await work(sessionOf(client))
      await client.query('COMMIT')
      client.release()
      return result
    } catch (error) {
      // The connection may be what failed; another one is made when it is needed.
      client.release(true)
      throw error
    }
  }
  return {
    columnType: (type, isKey) => (isKey && type === 'TEXT' ? 'VARCHAR(10485760)' : types[type]),
    addSchema: async (session, name) => void (await session.query(`CREATE SCHEMA IF NOT EXISTS "${name}"`)),
    transact,
    alone: (work) =>
      transact(async (session) => {
        await session.query('SET LOCAL statement_timeout = 0')
        await session.query("SELECT pg_advisory_xact_lock(hashtext('scalardl-stand-in'))")
        await work(session)
      }),
    snapshot: async () => {
      const client = await pool.connect()
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      // The first query fixes the snapshot.
      await client.query('SELECT 1')
      return { ...sessionOf(client), end: () => client.release(true) }
    },
    close: () => pool.end(),
  }
}
