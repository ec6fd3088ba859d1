// Room: items, which DynamoDB Local keeps, and every state that they had.
// Read emulator, item-operations, history.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsError } from '../service/errors.ts'
import type { Item } from './history.ts'

/**
 * Where tables are kept apart: DynamoDB Local takes the access key and the region from the signature and checks
 * nothing.
 */
export interface Space {
  account: string
  region: string
}

const batchSize = 25
const parallelBatches = 4
/** How long a call waits for indexes that are being built, ms. */
const patienceMs = 30_000
const lookMs = 50
/** A call that is not answered by then never will be, ms. */
const answerMs = 20_000

/** What of a table's definition its items depend on. */
export interface Shape {
  AttributeDefinitions: readonly object[]
  KeySchema: readonly object[]
  LocalSecondaryIndexes?: readonly object[]
  GlobalSecondaryIndexes?: readonly object[]
}

/** Speaks to the item storage behind the stand-in, which other stand-ins may share: each has tables of its own. */
export class Emulator {
  readonly #endpoint: string
  readonly #owner = randomUUID().replaceAll('-', '')

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  /** @throws AwsError as the storage answers it */
  async call(space: Space, operation: string, input: object): Promise<Record<string, unknown>> {
    const until = performance.now() + patienceMs
    while (true) {
      try {
        return await this.#attempt(space, operation, input)
      } catch (error) {
        // DynamoDB Local builds indexes of five tables at a time, and says nothing of when it is done. It fails calls,
        // without an effect, that meet an index being built.
        const isBuilding = error instanceof AwsError && /^(LimitExceededException|InternalFailure)$/.test(error.code)
        if (!isBuilding || performance.now() > until) throw error
        await sleep(lookMs)
      }
    }
  }

  async #attempt(space: Space, operation: string, input: object): Promise<Record<string, unknown>> {
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 ' +
          `Credential=${this.#owner}${space.account}/20200101/${space.region}/dynamodb/aws4_request, ` +
          'SignedHeaders=host, Signature=0',
        'x-amz-date': '20200101T000000Z',
      },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(answerMs),
    })
    const body = (await response.json()) as Record<string, unknown>
    if (response.ok) return body
    const { __type: type, message, Message, ...members } = body
    throw new AwsError(
      String(type).split('#').at(-1) ?? 'InternalServerError',
      String(message ?? Message ?? ''),
      response.status,
      members,
    )
  }

  async createTable(space: Space, name: string, shape: Shape, items: readonly Item[]): Promise<void> {
    await this.call(space, 'CreateTable', { TableName: name, BillingMode: 'PAY_PER_REQUEST', ...shape })
    const batches = Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) =>
      items.slice(index * batchSize, (index + 1) * batchSize),
    )
    const work = async () => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
        await this.#put(space, name, batch)
    }
    await Promise.all(Array.from({ length: parallelBatches }, work))
  }

  async #put(space: Space, name: string, items: readonly Item[]): Promise<void> {
    let requests: unknown = items.map((Item) => ({ PutRequest: { Item } }))
    while (requests !== undefined) {
      const { UnprocessedItems: left } = await this.call(space, 'BatchWriteItem', {
        RequestItems: { [name]: requests },
      })
      requests = (left as Record<string, unknown> | undefined)?.[name]
    }
  }

  async item(space: Space, name: string, key: Item): Promise<Item | undefined> {
    const { Item: item } = await this.call(space, 'GetItem', { TableName: name, Key: key, ConsistentRead: true })
    return item as Item | undefined
  }
}
