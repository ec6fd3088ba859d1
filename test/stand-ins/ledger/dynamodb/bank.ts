// Room: the bank in DynamoDB, in ScalarDB's own form.
// Read bank, transfer, store, rows.

import type { Bank } from '../data/bank.ts'
import type { StandInProduct } from '../product.ts'
import type { Table } from '../data/tables.ts'
import { makeInParts } from '../data/transfer.ts'
import { verdictOf, type Side } from '../data/verdict.ts'
import type { DynamodbConnection } from './connection.ts'
import { keyOf } from './rows.ts'
import { createSchema } from './schema.ts'
import { Store } from './store.ts'
import { begun, lastTransfer, partsOf } from './transfer.ts'

interface DynamodbBankOptions {
  connection: DynamodbConnection
  tables: readonly Table[]
  assets: StandInProduct['assets']
  fillBytes: number
}

async function readSide(store: Store, namespace: string): Promise<Side | undefined> {
  const accounts = await store.all(`${namespace}.account`)
  const transfers = await store.all(`${namespace}.transfer`)
  if (accounts === undefined || transfers === undefined) return undefined
  const number = (item: (typeof accounts)[number], name: string) => Number(item[name]?.N)
  return {
    accounts: accounts.length,
    sum: accounts.reduce((sum, item) => sum + number(item, 'balance'), 0),
    moved: transfers.reduce((sum, item) => sum + number(item, 'amount'), 0),
    transfers: new Map(
      transfers.map((item) => {
        const key = `${item['stream']?.S} ${number(item, 'number')}`
        return [key, `${key} ${number(item, 'amount')}`]
      }),
    ),
  }
}

/** As an accident would: half of the savings accounts are emptied, and transfers of the checking side are deleted. */
async function damage(store: Store): Promise<Record<string, number>> {
  const accounts = ((await store.all('savings.account')) ?? []).filter((item) => (item['id']?.S ?? '') < 'account-5')
  for (const item of accounts)
    await store.client.putItem({ TableName: store.physical('savings.account'), Item: { ...item, balance: { N: '0' } } })
  const transfers = ((await store.all('checking.transfer')) ?? []).filter((item) => Number(item['number']?.N) % 2 === 0)
  for (const item of transfers) {
    const Key = keyOf(store.table('checking.transfer'), {
      stream: item['stream']?.S ?? '',
      number: Number(item['number']?.N),
    })
    await store.client.deleteItem({ TableName: store.physical('checking.transfer'), Key })
  }
  return { 'savings.account': accounts.length, 'checking.transfer': transfers.length }
}

/** The bank in DynamoDB. */
export function dynamodbBank({ connection, tables, assets, fillBytes }: DynamodbBankOptions): Bank {
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
