import { auth, Client, policies, types } from 'cassandra-driver'
import type { RowStore } from '../data/row-bank.ts'
import type { Row, Value } from '../data/rows.ts'
import { tableFinder, type Table } from '../data/tables.ts'
import type { CassandraConnection } from './connection.ts'

/** A name as CQL takes it whatever word it is. */
export const quoted = (name: string): string => `"${name}"`

/** What a node answers where there is no such keyspace or table. */
const invalid = types.responseErrorCodes.invalid

const valueOf = (value: unknown): Value => (value instanceof types.Long ? Number(value) : (value as Value))

/** A row by its columns; what an account keeps beside ScalarDB's own columns is left out. */
const rowOf = (row: types.Row): Row =>
  Object.fromEntries(
    row
      .keys()
      .filter((name) => name !== 'last_transfers')
      .map((name) => [name, valueOf(row.get(name))]),
  )

/** A release's tables in Cassandra: a keyspace for each namespace. */
export class Store implements RowStore {
  readonly client: Client
  readonly connection: CassandraConnection
  /** a table by `namespace.name` */
  readonly table: (fullName: string) => Table

  constructor(connection: CassandraConnection, tables: readonly Table[]) {
    const { hosts, port, username, password } = connection
    this.client = new Client({
      contactPoints: hosts,
      protocolOptions: { port },
      authProvider: new auth.PlainTextAuthProvider(username, password),
      policies: { loadBalancing: new policies.loadBalancing.RoundRobinPolicy() },
      // As ScalarDB writes and reads (scalar-labs/scalardb, StatementHandler).
      queryOptions: {
        consistency: types.consistencies.quorum,
        serialConsistency: types.consistencies.serial,
        prepare: true,
      },
    })
    this.connection = connection
    this.table = tableFinder(tables)
  }

  /** What CQL calls `namespace.name`. */
  name(fullName: string): string {
    const { namespace, name } = this.table(fullName)
    return `${quoted(namespace)}.${quoted(name)}`
  }

  execute(query: string, values: readonly unknown[] = [], options: { consistency?: number } = {}) {
    return this.client.execute(query, [...values], options)
  }

  /** How many nodes the ring has. */
  async nodes(): Promise<number> {
    await this.client.connect()
    return this.client.hosts.length
  }

  /** Every row that a question finds; undefined where there is no such table. */
  async rowsIfAny(query: string, values: readonly unknown[] = []): Promise<Row[] | undefined> {
    const rows: Row[] = []
    try {
      for await (const row of await this.execute(query, values)) rows.push(rowOf(row))
      return rows
    } catch (error) {
      if ((error as { code?: unknown }).code === invalid) return undefined
      throw error
    }
  }

  /** One row, also where its write had no answer. */
  async one(fullName: string, where: string, values: readonly unknown[]): Promise<types.Row | undefined> {
    const query = `SELECT * FROM ${this.name(fullName)} WHERE ${where}`
    return (await this.execute(query, values, { consistency: types.consistencies.serial })).first() ?? undefined
  }

  /** The condition that finds a row, and its values. */
  #at(fullName: string, key: Row): [where: string, values: Value[]] {
    const { partitionKey, clusteringKey } = this.table(fullName)
    const names = [...partitionKey, ...clusteringKey]
    return [names.map((name) => `${quoted(name)} = ?`).join(' AND '), names.map((name) => key[name] ?? null)]
  }

  async read(fullName: string, key: Row): Promise<Row | undefined> {
    const found = await this.one(fullName, ...this.#at(fullName, key))
    return found && rowOf(found)
  }

  async last(fullName: string, stream: string): Promise<Row | undefined> {
    const found = await this.one(fullName, '"stream" = ? ORDER BY "number" DESC LIMIT 1', [stream])
    return found && rowOf(found)
  }

  async #insert(fullName: string, row: Row, condition: string): Promise<void> {
    const names = Object.keys(row)
    await this.execute(
      `INSERT INTO ${this.name(fullName)} (${names.map(quoted).join(', ')}) ` +
        `VALUES (${names.map(() => '?').join(', ')})${condition}`,
      Object.values(row),
    )
  }

  put(fullName: string, row: Row): Promise<void> {
    return this.#insert(fullName, row, '')
  }

  putOnce(fullName: string, row: Row): Promise<void> {
    return this.#insert(fullName, row, ' IF NOT EXISTS')
  }

  async remove(fullName: string, key: Row): Promise<void> {
    const [where, values] = this.#at(fullName, key)
    await this.execute(`DELETE FROM ${this.name(fullName)} WHERE ${where}`, values)
  }

  all(fullName: string): Promise<Row[] | undefined> {
    return this.rowsIfAny(`SELECT * FROM ${this.name(fullName)}`)
  }

  close(): void {
    void this.client.shutdown()
  }
}
