// Room: the bank in DynamoDB, in ScalarDB's own form.
// Read bank, transfer, store, items.

import type { Bank } from '../data/bank.ts'
import { rowBank } from '../data/row-bank.ts'
import type { Table } from '../data/tables.ts'
import type { StandInProduct } from '../product.ts'
import type { DynamodbConnection } from './connection.ts'
import { createSchema } from './schema.ts'
import { Store } from './store.ts'
import { apply } from './transfer.ts'

interface DynamodbBankOptions {
  connection: DynamodbConnection
  tables: readonly Table[]
  assets: StandInProduct['assets']
  fillBytes: number
}

/** The bank in DynamoDB. */
export function dynamodbBank({ connection, tables, assets, fillBytes }: DynamodbBankOptions): Bank {
  const store = new Store(connection, tables)
  return rowBank({
    store,
    assets,
    prepare: () => createSchema(store, tables, fillBytes),
    apply: (namespace, transfer, row) => apply(store, namespace, transfer, row),
  })
}
