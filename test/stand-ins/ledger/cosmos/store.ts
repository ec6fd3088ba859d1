import { CosmosClient, type Container } from '@azure/cosmos'
import type { RowStore } from '../data/row-bank.ts'
import type { Row } from '../data/rows.ts'
import { tableFinder, type Table } from '../data/tables.ts'
import type { CosmosConnection } from './connection.ts'
import { mutation, notMutated, procedureName } from './mutate.ts'
import { addressOf, recordOf, rowOf, type CosmosRecord } from './records.ts'

/** Whether an error of the service has this HTTP status. */
export const hasCode = (error: unknown, code: number): boolean => (error as { code?: unknown }).code === code

const refusesCondition = (error: unknown) => (error as { substatus?: unknown }).substatus === notMutated

/** A release's tables in Cosmos DB: a database for each namespace, a container for each table. */
export class Store implements RowStore {
  readonly client: CosmosClient
  readonly connection: CosmosConnection
  /** a table by `namespace.name` */
  readonly table: (fullName: string) => Table

  constructor(connection: CosmosConnection, tables: readonly Table[]) {
    const { account, key, consistency } = connection
    this.client = new CosmosClient({ endpoint: account, key, consistencyLevel: consistency })
    this.connection = connection
    this.table = tableFinder(tables)
  }

  container(fullName: string): Container {
    const { namespace, name } = this.table(fullName)
    return this.client.database(namespace).container(name)
  }

  /** A row as it is kept. */
  async record(fullName: string, key: Row): Promise<CosmosRecord | undefined> {
    const { id, partition } = addressOf(this.table(fullName), key)
    const { resource } = await this.container(fullName).item(id, partition).read<CosmosRecord>()
    return resource
  }

  async read(fullName: string, key: Row): Promise<Row | undefined> {
    const record = await this.record(fullName, key)
    return record && rowOf(record)
  }

  async last(fullName: string, stream: string): Promise<Row | undefined> {
    const query =
      `select * from Record r where r.concatenatedPartitionKey = ${JSON.stringify(stream)} ` +
      'order by r.concatenatedPartitionKey asc, r.clusteringKey["number"] desc offset 0 limit 1'
    const { resources } = await this.container(fullName)
      .items.query<CosmosRecord>(query, { partitionKey: stream })
      .fetchAll()
    return resources.map(rowOf)[0]
  }

  async put(fullName: string, row: Row): Promise<void> {
    await this.container(fullName).items.upsert(recordOf(this.table(fullName), row))
  }

  async remove(fullName: string, key: Row): Promise<void> {
    const { id, partition } = addressOf(this.table(fullName), key)
    await this.container(fullName).item(id, partition).delete()
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

  async putOnce(fullName: string, row: Row): Promise<void> {
    await this.#mutate(fullName, mutation.putIfNotExists, recordOf(this.table(fullName), row), '')
  }

  /** Changes columns of a record. @returns whether its `tx_version` was the given one, without which nothing happens */
  change(fullName: string, record: CosmosRecord, values: Record<string, unknown>, version: number): Promise<boolean> {
    const changed = { ...record, values }
    return this.#mutate(fullName, mutation.putIf, changed, ` and r.values["tx_version"] = ${version}`)
  }

  async all(fullName: string): Promise<Row[] | undefined> {
    try {
      const { resources } = await this.container(fullName)
        .items.query<CosmosRecord>('select * from Record r', { maxItemCount: 1_000 })
        .fetchAll()
      return resources.map(rowOf)
    } catch (error) {
      if (hasCode(error, 404)) return undefined
      throw error
    }
  }

  close(): void {
    this.client.dispose()
  }
}
