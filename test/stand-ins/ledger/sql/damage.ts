import type { Connection } from '../properties.ts'
import { openDatabase } from './databases.ts'
import { exists } from './invariant.ts'

/**
 * Spoils the workload's data the way an accident would: half of the savings accounts are emptied, and transfers of the
 * checking side are deleted.
 * @returns how many rows of each table were touched
 */
export async function damage(connections: readonly Connection[]): Promise<Record<string, number>> {
  const accidents: [namespace: string, name: string, sql: string][] = [
    ['savings', 'account', `UPDATE "savings"."account" SET balance = 0 WHERE id < 'account-5'`],
    ['checking', 'transfer', `DELETE FROM "checking"."transfer" WHERE number % 2 = 0`],
  ]
  const touched: Record<string, number> = {}
  for (const connection of connections) {
    const database = await openDatabase(connection, 1)
    try {
      await database.transact(async (session) => {
        for (const [namespace, name, sql] of accidents)
          if (await exists(session, namespace, name)) touched[`${namespace}.${name}`] = await session.change(sql)
      })
    } finally {
      await database.close()
    }
  }
  return touched
}
