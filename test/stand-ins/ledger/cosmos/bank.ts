// Room: the bank in Azure Cosmos DB, in ScalarDB's own form.
// Read bank, transfer, store, records, mutate.

import type { Bank } from '../data/bank.ts'
import { rowBank } from '../data/row-bank.ts'
import type { Table } from '../data/tables.ts'
import type { StandInProduct } from '../product.ts'
import type { CosmosConnection } from './connection.ts'
import { createSchema } from './schema.ts'
import { Store } from './store.ts'
import { changeAccount } from './transfer.ts'

interface CosmosBankOptions {
  connection: CosmosConnection
  tables: readonly Table[]
  assets: StandInProduct['assets']
  fillBytes: number
}

/** The bank in Cosmos DB. */
export function cosmosBank({ connection, tables, assets, fillBytes }: CosmosBankOptions): Bank {
  const store = new Store(connection, tables)
  return rowBank({
    store,
    assets,
    prepare: () => createSchema(store, tables, fillBytes),
    apply: async (namespace, transfer, row) => {
      await store.putOnce(`${namespace}.transfer`, row)
      await changeAccount(store, namespace, transfer)
    },
  })
}
