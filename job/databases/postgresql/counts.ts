import type { Client } from 'pg'
import type { BackupTable } from '../../../operation/record.ts'
import type { Access } from './access.ts'
import { connect } from './connect.ts'
import { lockPatienceMs, quoted } from './tables.ts'

/** How many sessions count beside a dump or after a load of so many. */
export function countingSessions(parallel: number): number {
  return Math.min(parallel, 4)
}

/**
 * Rows of every table, counted by several sessions at once.
 * @param begin what each session says first: which snapshot it looks at
 */
export async function countRows(
  access: Access,
  database: string,
  tables: readonly Pick<BackupTable, 'schema' | 'name'>[],
  options: { sessions: number; begin: string; signal: AbortSignal },
): Promise<BackupTable[]> {
  const waiting = [...tables.entries()]
  const counted: BackupTable[] = []
  const work = async (): Promise<void> => {
    const { client } = await connect(access, database)
    const stop = () => void client.end().catch(() => undefined)
    options.signal.addEventListener('abort', stop, { once: true })
    try {
      await client.query(`SET statement_timeout = 0; SET lock_timeout = ${lockPatienceMs}; ${options.begin}`)
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        options.signal.throwIfAborted()
        const [index, table] = next
        counted[index] = { schema: table.schema, name: table.name, rows: await countOne(client, table) }
      }
    } catch (error) {
      options.signal.throwIfAborted()
      throw error
    } finally {
      options.signal.removeEventListener('abort', stop)
      await client.end().catch(() => undefined)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(options.sessions, tables.length)) }, work))
  return counted
}

async function countOne(client: Client, table: Pick<BackupTable, 'schema' | 'name'>): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ONLY ${quoted(table)}`)
  return Number(rows[0]?.rows)
}
