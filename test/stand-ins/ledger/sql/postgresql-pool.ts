import { Pool, type PoolClient } from 'pg'
import type { Connection } from '../properties.ts'
import { valuesOf, type Database, type Session } from './databases.ts'

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

/** What is the same in every database that speaks PostgreSQL's protocol. */
export interface PostgresqlPool extends Pick<Database, 'addSchema' | 'transact' | 'close'> {
  /** a connection of one's own, to be released */
  connect(): Promise<PoolClient>
  /** @param begin what begins a transaction whose first query fixes what it sees */
  snapshotAfter(...begin: string[]): ReturnType<Database['snapshot']>
}

/** @param connections how many it may hold */
export function postgresqlPool(connection: Connection, connections: number): PostgresqlPool {
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
  return {
    connect: () => pool.connect(),
    addSchema: async (session, name) => void (await session.query(`CREATE SCHEMA IF NOT EXISTS "${name}"`)),
    transact: async (work) => {
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
    },
    snapshotAfter: async (...begin) => {
      const client = await pool.connect()
      for (const statement of begin) await client.query(statement)
      await client.query('SELECT 1')
      return { ...sessionOf(client), end: () => client.release(true) }
    },
    close: () => pool.end(),
  }
}
