import { Pool, type PoolClient } from 'pg'
import type { Connection, StorageProperties } from '../properties.ts'

/** The databases of a release, each with its own pool of connections. */
export interface Databases {
  /** the database that holds a namespace */
  of(namespace: string): Pool
  close(): Promise<void>
}

/** One database transaction: committed when `work` resolves, rolled back when it throws. */
export async function transact<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    // The connection may be what failed; another one is made when it is needed.
    client.release(true)
    throw error
  }
}

/** The settings of a connection as `pg` takes them. */
export function clientSettings({ ssl, ...connection }: Connection) {
  return {
    ...connection,
    ssl: ssl === true ? { rejectUnauthorized: false } : false,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    keepAlive: true,
  }
}

/** @param connections how many each pool may hold */
export function openDatabases(storages: StorageProperties, connections: number): Databases {
  const pools = new Map<string, Pool>()
  for (const [name, connection] of storages.connections) {
    const pool = new Pool({ ...clientSettings(connection), max: connections, application_name: 'scalardl-stand-in' })
    // A connection that breaks, as when a database is renamed, is no reason to die: neither an idle one nor one between
    // queries.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    pools.set(name, pool)
  }
  return {
    of: (namespace) => {
      const pool = pools.get(storages.storageOf(namespace))
      if (pool === undefined) throw new Error(`no storage for namespace "${namespace}"`)
      return pool
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.end()))
    },
  }
}
