import type { Client } from 'pg'
import { shareOut } from '../../dump/share-out.ts'
import type { Access } from '../access.ts'
import { connect } from '../connect.ts'
import { quoted, type Table } from '../tables.ts'

/**
 * Has the server look at every table of a database, the largest first, by several sessions: without statistics the
 * first queries of the release would be planned blindly. Once its indexes are there, since those of expressions have
 * statistics of their own.
 */
export async function analyzeTables(
  access: Access,
  database: string,
  { sessions, signal }: { sessions: number; signal: AbortSignal },
): Promise<void> {
  const inDatabase = async <T>(run: (client: Client) => Promise<T>): Promise<T> => {
    const { client } = await connect(access, database)
    try {
      return await run(client)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  const tables = await inDatabase(listAnalyzed)
  await shareOut(tables, { workers: sessions, signal }, (waiting, signal) =>
    inDatabase(async (client) => {
      const stop = () => void client.end().catch(() => undefined)
      signal.addEventListener('abort', stop, { once: true })
      await client.query('SET statement_timeout = 0')
      for (const table of waiting) await client.query(`ANALYZE ${quoted(table)}`)
      signal.removeEventListener('abort', stop)
    }),
  )
}

/** Tables, partitioned ones and materialized views, of users. */
async function listAnalyzed(client: Client): Promise<Pick<Table, 'schema' | 'name'>[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
     ORDER BY c.relpages DESC, 1, 2`,
  )
  return rows
}
