import { Client } from 'pg'
import { clientSettings } from './databases.ts'
import type { Connection } from '../properties.ts'

/**
 * Spoils the workload's data the way an accident would: half of the savings accounts are emptied, and transfers of the
 * checking side are deleted.
 * @returns how many rows of each table were touched
 */
export async function damage(connections: readonly Connection[]): Promise<Record<string, number>> {
  const accidents: [table: string, sql: string][] = [
    ['savings.account', `UPDATE "savings"."account" SET balance = 0 WHERE id < 'account-5'`],
    ['checking.transfer', `DELETE FROM "checking"."transfer" WHERE number % 2 = 0`],
  ]
  const touched: Record<string, number> = {}
  for (const connection of connections) {
    const client = new Client(clientSettings(connection))
    await client.connect()
    try {
      for (const [table, sql] of accidents) {
        const found = await client.query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [table])
        if (found.rows[0]?.name != null) touched[table] = (await client.query(sql)).rowCount ?? 0
      }
    } finally {
      await client.end()
    }
  }
  return touched
}
