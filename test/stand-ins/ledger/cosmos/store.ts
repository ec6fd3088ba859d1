import { CosmosClient, type Container } from '@azure/cosmos'
import type { Table } from '../data/tables.ts'
import type { CosmosConnection } from './connection.ts'
import { mutation, notMutated, procedureName } from './mutate.ts'
import { addressOf, recordOf, type CosmosRecord, type Row } from './records.ts'

/** Whether an error of the service has this HTTP status. */
export const hasCode = (error: unknown, code: number): boolean => (error as { code?: unknown }).code === code

const refusesCondition = (error: unknown) => (error as { substatus?: unknown }).substatus === notMutated

/** A release's tables in Cosmos DB: a database for each namespace, a container for each table. */
export class Store {
  readonly client: CosmosClient
  readonly connection: CosmosConnection
  readonly #tables: ReadonlyMap<string, Table>

  constructor(connection: CosmosConnection, tables: readonly Table[]) {
    const { account, key, consistency } = connection
    this.client = new CosmosClient({ endpoint: account, key, consistencyLevel: consistency })
    this.connection = connection
    this.#tables = new Map(tables.map((table) => [`${table.namespace}.${table.name}`, table]))
  }

  /** A table by `namespace.name`. */
  table(fullName: string): Table {
    const table = this.#tables.get(fullName)
    if (table === undefined) throw new Error(`this product has no table ${fullName}`)
    return table
  }

  container(fullName: string): Container {
    const { namespace, name } = this.table(fullName)
    return this.client.database(namespace).container(name)
  }

  async read(fullName: string, row: Row): Promise<CosmosRecord | undefined> {
    const { id, partition } = addressOf(this.table(fullName), row)
    const { resource } = await this.container(fullName).item(id, partition).read<CosmosRecord>()
    return resource
  }

  async #mutate(fullName: string, kind: number, record: CosmosRecord, condition: string): Promise<boolean> {
    const query = `select * from Record r where r.id = ${JSON.stringify(record.id)}${condition}`
    try {
      await this.container(fullName)
        .scripts.storedProcedure(procedureName)
        .execute(record.concatenatedPartitionKey, [1, kind, record, query])
      return true
    } catch (error) {
      if (refusesCondition(error)) return false
      throw error
    }
  }

  /** Puts a row unless it is there. */
  async putOnce(fullName: string, row: Row): Promise<void> {
    await this.#mutate(fullName, mutation.putIfNotExists, recordOf(this.table(fullName), row), '')
  }

  /** Changes columns of a record. @returns whether its `tx_version` was the given one, without which nothing happens */
  change(fullName: string, record: CosmosRecord, values: Record<string, unknown>, version: number): Promise<boolean> {
    const changed = { ...record, values }
    return this.#mutate(fullName, mutation.putIf, changed, ` and r.values["tx_version"] = ${version}`)
  }

  /** All rows of a table, or undefined where there is no such table. */
  async all(fullName: string): Promise<CosmosRecord[] | undefined> {
    try {
      const { resources } = await this.container(fullName)
        .items.query<CosmosRecord>('select * from Record r', { maxItemCount: 1_000 })
        .fetchAll()
      return resources
    } catch (error) {
      if (hasCode(error, 404)) return undefined
      throw error
    }
  }

  close(): void {
    this.client.dispose()
  }
}
