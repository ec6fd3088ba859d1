import { AwsError, invalid } from '../service/errors.ts'
import type { Item } from './history.ts'
import { resourceNotFound } from '../service/errors.ts'
import { tableName, type Context, type Operation, type Region } from '../service/service.ts'
import type { Table } from '../tables/table.ts'

/** A change of one item; `after` undefined: the storage has to be asked what it made of it. */
interface Write {
  table: Table
  key: Item
  after: { item: Item | undefined } | undefined
}

interface ItemInput {
  TableName?: string
  Item?: Item
  Key?: Item
}

interface WriteRequest {
  PutRequest?: { Item: Item }
  DeleteRequest?: { Key: Item }
}

/** @throws AwsError where the table is not there for items: absent, or still CREATING */
function open({ tables }: Region, nameOrArn: string | undefined): Table {
  const table = tables.get(tableName(nameOrArn))
  if (table === undefined || table.status === 'CREATING' || table.status === 'DELETING')
    throw resourceNotFound(tableName(nameOrArn))
  return table
}

function writeOf(table: Table, input: ItemInput, kind: 'put' | 'delete' | 'update'): Write {
  const given = kind === 'put' ? input.Item : input.Key
  if (given === undefined) throw invalid('The provided key element does not match the schema')
  const key = table.history.keyAttributes(given)
  if (kind === 'put') return { table, key, after: { item: given } }
  return { table, key, after: kind === 'delete' ? { item: undefined } : undefined }
}

/** Passes a write on to the storage and keeps what became of the items, nobody else writing to them meanwhile. */
async function write(
  operation: string,
  input: object,
  writes: readonly Write[],
  { service, region }: Context,
): Promise<Record<string, unknown>> {
  const identity = ({ table, key }: Write) => `${table.id} ${table.history.keyOf(key)}`
  return service.locks.with(writes.map(identity), async () => {
    const answer = await service.emulator.call(region, operation, input)
    const left = new Set(unprocessed(answer, writes).map(identity))
    const done = writes.filter((each) => !left.has(identity(each)))
    const items = await Promise.all(
      done.map(async ({ table, key, after }) =>
        after === undefined ? service.emulator.item(region, table.name, key) : after.item,
      ),
    )
    const now = service.clock.now()
    for (const [index, { table, key }] of done.entries()) table.history.record(now, key, items[index])
    return answer
  })
}

function unprocessed(answer: Record<string, unknown>, writes: readonly Write[]): Write[] {
  const left = (answer['UnprocessedItems'] ?? {}) as Record<string, WriteRequest[]>
  const tables = new Map(writes.map(({ table }) => [table.name, table]))
  return Object.entries(left).flatMap(([name, requests]) => {
    const table = tables.get(name)
    return table === undefined
      ? []
      : requests.map(({ PutRequest: put, DeleteRequest: remove }) => ({
          table,
          key: table.history.keyAttributes(put?.Item ?? remove?.Key ?? {}),
          after: undefined,
        }))
  })
}

const single =
  (operation: string, kind: 'put' | 'delete' | 'update'): Operation =>
  (input: ItemInput, context) => {
    const table = open(context.region, input.TableName)
    return write(operation, { ...input, TableName: table.name }, [writeOf(table, input, kind)], context)
  }

const read =
  (operation: string): Operation =>
  ({ TableName: name, ...input }: ItemInput & { IndexName?: string }, { service, region }) => {
    const table = open(region, name)
    if (
      input.IndexName !== undefined &&
      table.globals.some((index) => index.definition.IndexName === input.IndexName && index.status === 'CREATING')
    ) {
      throw invalid(`Cannot read from backfilling global secondary index: ${input.IndexName}`)
    }
    return service.emulator.call(region, operation, { TableName: table.name, ...input })
  }

function batchWrite(
  { RequestItems: requests = {}, ...input }: { RequestItems?: Record<string, WriteRequest[]> },
  context: Context,
): Promise<object> {
  const writes: Write[] = []
  const named: Record<string, WriteRequest[]> = {}
  for (const [name, all] of Object.entries(requests)) {
    const table = open(context.region, name)
    named[table.name] = all
    for (const { PutRequest: put, DeleteRequest: remove } of all) {
      writes.push(put === undefined ? writeOf(table, { ...remove }, 'delete') : writeOf(table, put, 'put'))
    }
  }
  return write('BatchWriteItem', { ...input, RequestItems: named }, writes, context)
}

function batchGet(
  { RequestItems: requests = {}, ...input }: { RequestItems?: Record<string, object> },
  { service, region }: Context,
): Promise<object> {
  const named = Object.fromEntries(Object.entries(requests).map(([name, keys]) => [open(region, name).name, keys]))
  return service.emulator.call(region, 'BatchGetItem', { ...input, RequestItems: named })
}

type TransactItem = Partial<Record<'Put' | 'Delete' | 'Update' | 'ConditionCheck' | 'Get', ItemInput>>

function inTransaction(items: readonly TransactItem[], region: Region): { items: TransactItem[]; writes: Write[] } {
  const writes: Write[] = []
  const kinds = { Put: 'put', Delete: 'delete', Update: 'update' } as const
  const named = items.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([action, input]) => {
        const table = open(region, input.TableName)
        if (action in kinds) writes.push(writeOf(table, input, kinds[action as keyof typeof kinds]))
        return [action, { ...input, TableName: table.name }]
      }),
    ),
  )
  return { items: named, writes }
}

function transactWrite(input: { TransactItems?: TransactItem[] }, context: Context): Promise<object> {
  const { items, writes } = inTransaction(input.TransactItems ?? [], context.region)
  return write('TransactWriteItems', { ...input, TransactItems: items }, writes, context)
}

function transactGet(input: { TransactItems?: TransactItem[] }, { service, region }: Context): Promise<object> {
  return service.emulator.call(region, 'TransactGetItems', {
    ...input,
    TransactItems: inTransaction(input.TransactItems ?? [], region).items,
  })
}

const partiql = () => {
  throw new AwsError('UnknownOperationException', 'PartiQL is not in this stand-in')
}

export const itemOperations: Record<string, Operation> = {
  PutItem: single('PutItem', 'put'),
  UpdateItem: single('UpdateItem', 'update'),
  DeleteItem: single('DeleteItem', 'delete'),
  GetItem: read('GetItem'),
  Query: read('Query'),
  Scan: read('Scan'),
  BatchWriteItem: batchWrite,
  BatchGetItem: batchGet,
  TransactWriteItems: transactWrite,
  TransactGetItems: transactGet,
  ExecuteStatement: partiql,
  ExecuteTransaction: partiql,
  BatchExecuteStatement: partiql,
}
