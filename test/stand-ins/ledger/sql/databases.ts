import type { Connection, StorageProperties } from '../properties.ts'
import type { DataType } from '../data/tables.ts'
import { h2Database } from './h2.ts'
import { postgresqlDatabase } from './postgresql.ts'

/** One connection. Names are quoted as the standard says, and `$1` stands for the first value. */
export interface Session {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** @returns how many rows were changed */
  change(text: string, values?: readonly unknown[]): Promise<number>
  /** Adds rows that all have the columns of the first. @returns how many were not there yet */
  add(table: string, rows: readonly Record<string, unknown>[]): Promise<number>
}

/** One database of a release, or one server where its namespaces are schemas of that. */
export interface Database {
  /** as ScalarDB has its columns there (scalar-labs/scalardb, RdbEnginePostgresql and RdbEngineMysql) */
  columnType(type: DataType, isKey: boolean): string
  addSchema(session: Session, name: string): Promise<void>
  /** One transaction: committed when `work` resolves, rolled back when it throws. */
  transact<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** One pod at a time, without a limit of time. What is defined stays where `work` throws, if the server has it so. */
  alone(work: (session: Session) => Promise<void>): Promise<void>
  /** A transaction that sees the data as it is now. */
  snapshot(): Promise<Session & { end(): void }>
  close(): Promise<void>
}

/** The databases of a release, each with its own pool of connections. */
export interface Databases {
  /** the database that holds a namespace */
  of(namespace: string): Database
  close(): Promise<void>
}

/** @param connections how many its pool may hold */
export async function openDatabase(connection: Connection, connections: number): Promise<Database> {
  if (connection.kind === 'postgresql') return postgresqlDatabase(connection, connections)
  if (connection.kind === 'h2') return h2Database(connection, connections)
  // Few need that driver.
  const { mysqlDatabase } = await import('./mysql.ts')
  return mysqlDatabase(connection, connections)
}

/** @param connections how many each pool may hold */
export async function openDatabases(storages: StorageProperties, connections: number): Promise<Databases> {
  const opened = new Map<string, Database>()
  for (const [name, connection] of storages.connections) opened.set(name, await openDatabase(connection, connections))
  return {
    of: (namespace) => {
      const database = opened.get(storages.storageOf(namespace))
      if (database === undefined) throw new Error(`no storage for namespace "${namespace}"`)
      return database
    },
    close: async () => {
      await Promise.all([...opened.values()].map((database) => database.close()))
    },
  }
}

/** `("a","b") VALUES ($1,$2),($3,$4)` and the values, of rows that all have the columns of the first. */
export function valuesOf(rows: readonly Record<string, unknown>[]): { text: string; values: unknown[] } {
  const columns = Object.keys(rows[0] ?? {})
  const values = rows.flatMap((row) => columns.map((column) => row[column]))
  const tuples = rows.map((_, row) => `(${columns.map((__, at) => `$${row * columns.length + at + 1}`).join(',')})`)
  return { text: `(${columns.map((column) => `"${column}"`).join(',')}) VALUES ${tuples.join(',')}`, values }
}
