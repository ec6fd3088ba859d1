import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDB, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import type { Table } from '../data/tables.ts'
import type { DynamodbConnection } from './connection.ts'
import type { Item } from './rows.ts'

/** A release's tables in DynamoDB, by the names that ScalarDB gives them. */
export class Store {
  readonly client: DynamoDB
  readonly autoscaling: ApplicationAutoScaling
  readonly connection: DynamodbConnection
  readonly #tables: ReadonlyMap<string, Table>

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
    this.#tables = new Map(tables.map((table) => [`${table.namespace}.${table.name}`, table]))
  }

  /** A table by `namespace.name`. */
  table(fullName: string): Table {
    const table = this.#tables.get(fullName)
    if (table === undefined) throw new Error(`this product has no table ${fullName}`)
    return table
  }

  /** What DynamoDB calls `namespace.name`. */
  physical(fullName: string): string {
    return `${this.connection.prefix}${fullName}`
  }

  /** All items of a table, or undefined where there is no such table. */
  async all(fullName: string): Promise<Item[] | undefined> {
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
    return items
  }

  close(): void {
    this.client.destroy()
    this.autoscaling.destroy()
  }
}
