import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { ConditionalCheckFailedException, DynamoDB, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import type { RowStore } from '../data/row-bank.ts'
import type { Row } from '../data/rows.ts'
import { tableFinder, type Table } from '../data/tables.ts'
import type { DynamodbConnection } from './connection.ts'
import { itemOf, keyOf, partitionKey, rowOf, type Item } from './items.ts'

/** A release's tables in DynamoDB, by the names that ScalarDB gives them. */
export class Store implements RowStore {
  readonly client: DynamoDB
  readonly autoscaling: ApplicationAutoScaling
  readonly connection: DynamodbConnection
  /** a table by `namespace.name` */
  readonly table: (fullName: string) => Table

  constructor(connection: DynamodbConnection, tables: readonly Table[]) {
    const settings = {
      region: connection.region,
      credentials: { accessKeyId: connection.accessKey, secretAccessKey: connection.secret },
      maxAttempts: 10,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    }
    this.client = new DynamoDB({
      ...settings,
      ...(connection.endpoint !== undefined && { endpoint: connection.endpoint }),
    })
    // As a schema loader does that knows no override, since at DynamoDB's endpoint nothing answers for it.
    this.autoscaling = new ApplicationAutoScaling(settings)
    this.connection = connection
    this.table = tableFinder(tables)
  }

  /** What DynamoDB calls `namespace.name`. */
  physical(fullName: string): string {
    return `${this.connection.prefix}${fullName}`
  }

  /** Where a row is. */
  #at(fullName: string, key: Row) {
    return { TableName: this.physical(fullName), Key: keyOf(this.table(fullName), key) }
  }

  async read(fullName: string, key: Row): Promise<Row | undefined> {
    const { Item } = await this.client.getItem({ ...this.#at(fullName, key), ConsistentRead: true })
    return Item && rowOf(Item)
  }

  async last(fullName: string, stream: string): Promise<Row | undefined> {
    const { TableName, Key } = this.#at(fullName, { stream, number: 0 })
    const { Items = [] } = await this.client.query({
      TableName,
      KeyConditionExpression: `${partitionKey} = :stream`,
      ExpressionAttributeValues: { ':stream': Key[partitionKey] ?? { NULL: true } },
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: true,
    })
    return Items.map(rowOf)[0]
  }

  async put(fullName: string, row: Row): Promise<void> {
    await this.client.putItem({ TableName: this.physical(fullName), Item: itemOf(this.table(fullName), row) })
  }

  /** What puts a row unless it is there. */
  puttingOnce(fullName: string, row: Row) {
    return {
      TableName: this.physical(fullName),
      Item: itemOf(this.table(fullName), row),
      ConditionExpression: `attribute_not_exists(${partitionKey})`,
    }
  }

  async putOnce(fullName: string, row: Row): Promise<void> {
    try {
      await this.client.putItem(this.puttingOnce(fullName, row))
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    }
  }

  async remove(fullName: string, key: Row): Promise<void> {
    await this.client.deleteItem(this.#at(fullName, key))
  }

  async all(fullName: string): Promise<Row[] | undefined> {
    const items: Item[] = []
    let after: Item | undefined
    try {
      do {
        const page = await this.client.scan({
          TableName: this.physical(fullName),
          ConsistentRead: true,
          ...(after !== undefined && { ExclusiveStartKey: after }),
        })
        items.push(...(page.Items ?? []))
        after = page.LastEvaluatedKey
      } while (after !== undefined)
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined
      throw error
    }
    return items.map(rowOf)
  }

  close(): void {
    this.client.destroy()
    this.autoscaling.destroy()
  }
}
