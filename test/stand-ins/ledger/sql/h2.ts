import type { DataType } from '../data/tables.ts'
import type { Connection } from '../properties.ts'
import type { Database } from './databases.ts'
import { postgresqlPool } from './postgresql-pool.ts'

const types: Record<DataType, string> = { TEXT: 'VARCHAR', INT: 'INT', BIGINT: 'BIGINT', BLOB: 'VARBINARY' }

/** Its one row is what a pod locks to be alone. */
const lock = '"public"."stand_in"'

/**
 * A database of H2, by the PostgreSQL protocol that its server speaks beside its own.
 * @param connections how many its pool may hold
 */
export function h2Database(connection: Connection, connections: number): Database {
  const { addSchema, connect, transact, snapshotAfter, close } = postgresqlPool(connection, connections)
  return {
    columnType: (type) => types[type],
    addSchema,
    transact,
    // What defines a table ends its transaction and all locks, so that another connection holds this one.
    alone: async (work) => {
      const holder = await connect()
      try {
        await holder.query(`CREATE TABLE IF NOT EXISTS ${lock}("id" INT PRIMARY KEY)`)
        await holder.query(`INSERT INTO ${lock} VALUES (1) ON CONFLICT DO NOTHING`)
        await holder.query('SET LOCK_TIMEOUT 3600000')
        await holder.query('BEGIN')
        await holder.query(`SELECT "id" FROM ${lock} FOR UPDATE`)
        await transact(work)
      } finally {
        holder.release(true)
      }
    },
    snapshot: () => snapshotAfter('SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SNAPSHOT', 'BEGIN'),
    close,
  }
}
