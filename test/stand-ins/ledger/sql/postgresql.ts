import type { DataType } from '../data/tables.ts'
import type { Connection } from '../properties.ts'
import type { Database } from './databases.ts'
import { postgresqlPool } from './postgresql-pool.ts'

const types: Record<DataType, string> = { TEXT: 'TEXT', INT: 'INT', BIGINT: 'BIGINT', BLOB: 'BYTEA' }

/** @param connections how many its pool may hold */
export function postgresqlDatabase(connection: Connection, connections: number): Database {
  const { addSchema, transact, snapshotAfter, close } = postgresqlPool(connection, connections)
  return {
    columnType: (type, isKey) => (isKey && type === 'TEXT' ? 'VARCHAR(10485760)' : types[type]),
    addSchema,
    transact,
    alone: (work) =>
      transact(async (session) => {
        await session.query('SET LOCAL statement_timeout = 0')
        await session.query("SELECT pg_advisory_xact_lock(hashtext('scalardl-stand-in'))")
        await work(session)
      }),
    snapshot: () => snapshotAfter('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'),
    close,
  }
}
