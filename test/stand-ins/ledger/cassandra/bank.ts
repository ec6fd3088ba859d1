// Room: the bank in Apache Cassandra, in ScalarDB's own form.
// Read bank, transfer, store, schema.

import type { Bank } from '../data/bank.ts'
import { rowBank } from '../data/row-bank.ts'
import type { Table } from '../data/tables.ts'
import type { StandInProduct } from '../product.ts'
import type { CassandraConnection } from './connection.ts'
import { createSchema } from './schema.ts'
import { Store } from './store.ts'
import { changeAccount } from './transfer.ts'

interface CassandraBankOptions {
  connection: CassandraConnection
  tables: readonly Table[]
  assets: StandInProduct['assets']
  fillBytes: number
}

/** The bank in Cassandra. */
export function cassandraBank({ connection, tables, assets, fillBytes }: CassandraBankOptions): Bank {
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
