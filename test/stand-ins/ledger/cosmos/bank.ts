// Room: the bank in Azure Cosmos DB, in ScalarDB's own form.
// Read bank, transfer, store, records, mutate.

import type { Bank } from '../data/bank.ts'
import type { Table } from '../data/tables.ts'
import { makeInParts } from '../data/transfer.ts'
import { verdictOf, type Side } from '../data/verdict.ts'
import type { StandInProduct } from '../product.ts'
import type { CosmosConnection } from './connection.ts'
import { createSchema } from './schema.ts'
import { Store } from './store.ts'
import { begun, lastTransfer, partsOf } from './transfer.ts'

interface CosmosBankOptions {
  connection: CosmosConnection
  tables: readonly Table[]
  assets: StandInProduct['assets']
  fillBytes: number
}

async function readSide(store: Store, namespace: string): Promise<Side | undefined> {
  const accounts = await store.all(`${namespace}.account`)
  const transfers = await store.all(`${namespace}.transfer`)
  if (accounts === undefined || transfers === undefined) return undefined
  const sum = (records: typeof accounts, name: string) =>
    records.reduce((total, { values }) => total + Number(values[name]), 0)
  return {
    accounts: accounts.length,
    sum: sum(accounts, 'balance'),
    moved: sum(transfers, 'amount'),
    transfers: new Map(
      transfers.map(({ partitionKey, clusteringKey, values }) => {
        const key = `${String(partitionKey['stream'])} ${String(clusteringKey['number'])}`
        return [key, `${key} ${String(values['amount'])}`]
      }),
    ),
  }
}

/** As an accident would: half of the savings accounts are emptied, and transfers of the checking side are deleted. */
async function damage(store: Store): Promise<Record<string, number>> {
  const savings = store.container('savings.account')
  const accounts = ((await store.all('savings.account')) ?? []).filter(({ id }) => id < 'account-5')
  for (const account of accounts)
    await savings
      .item(account.id, account.concatenatedPartitionKey)
      .replace({ ...account, values: { ...account.values, balance: 0 } })
  const checking = store.container('checking.transfer')
  const transfers = ((await store.all('checking.transfer')) ?? []).filter(
    ({ clusteringKey }) => Number(clusteringKey['number']) % 2 === 0,
  )
  for (const { id, concatenatedPartitionKey } of transfers) await checking.item(id, concatenatedPartitionKey).delete()
  return { 'savings.account': accounts.length, 'checking.transfer': transfers.length }
}

/** The bank in Cosmos DB. */
export function cosmosBank({ connection, tables, assets, fillBytes }: CosmosBankOptions): Bank {
  const store = new Store(connection, tables)
  const count = async (fullName: string) => (await store.all(fullName))?.length
  return {
    prepare: () => createSchema(store, tables, fillBytes),
    make: (transfer, pace) => makeInParts(partsOf(transfer, store, assets), () => begun(store, transfer), pace),
    last: (stream) => lastTransfer(store, stream),
    check: async () =>
      verdictOf({
        checking: await readSide(store, 'checking'),
        savings: await readSide(store, 'savings'),
        assets: assets === undefined ? undefined : await count(`${assets.namespace}.${assets.name}`),
        states: await count('coordinator.state'),
      }),
    damage: () => damage(store),
    close: () => {
      store.close()
      return Promise.resolve()
    },
  }
}
