import type { StandInProduct } from '../product.ts'
import type { Bank } from './bank.ts'
import { assetRow, openingRows, stateRow, transferOf, transferRow, type Row } from './rows.ts'
import { bankNamespaces, type BankNamespace } from './tables.ts'
import { makeInParts, type Transfer } from './transfer.ts'
import { verdictOf, type Side } from './verdict.ts'

/** A database that has no SQL: it keeps rows by their keys. Tables are named `namespace.name`. */
export interface RowStore {
  /** undefined where there is no such table */
  all(fullName: string): Promise<Row[] | undefined>
  /** @param key at least the columns of the table's key */
  read(fullName: string, key: Row): Promise<Row | undefined>
  /** the row of a stream's list with the highest number */
  last(fullName: string, stream: string): Promise<Row | undefined>
  /** in place of what is there */
  put(fullName: string, row: Row): Promise<void>
  /** unless a row of its key is there */
  putOnce(fullName: string, row: Row): Promise<void>
  remove(fullName: string, key: Row): Promise<void>
  close(): void
}

const fillerBytes = 1_000

async function putAll(store: RowStore, fullName: string, rows: readonly Row[]): Promise<void> {
  const queue = [...rows]
  const work = async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) await store.putOnce(fullName, row)
  }
  await Promise.all(Array.from({ length: 8 }, work))
}

/** Puts what is missing of the money and the ballast, `fillBytes` of it in all. */
export async function seed(store: RowStore, fillBytes: number): Promise<void> {
  const fillers = Math.round(fillBytes / bankNamespaces.length / fillerBytes)
  const filler = Array.from({ length: fillers }, (_, index): Row => ({
    id: `filler-${index + 1}`,
    payload: `${index} `.repeat(fillerBytes).slice(0, fillerBytes - 50),
  }))
  for (const namespace of bankNamespaces) {
    await putAll(store, `${namespace}.account`, openingRows)
    await putAll(store, `${namespace}.filler`, filler)
  }
}

async function readSide(store: RowStore, namespace: BankNamespace): Promise<Side | undefined> {
  const accounts = await store.all(`${namespace}.account`)
  const transfers = await store.all(`${namespace}.transfer`)
  if (accounts === undefined || transfers === undefined) return undefined
  const sum = (rows: readonly Row[], column: string) => rows.reduce((total, row) => total + Number(row[column]), 0)
  return {
    accounts: accounts.length,
    sum: sum(accounts, 'balance'),
    moved: sum(transfers, 'amount'),
    transfers: new Map(
      transfers.map(({ stream, number, amount }) => [`${stream} ${number}`, `${stream} ${number} ${amount}`]),
    ),
  }
}

/** As an accident would: half of the savings accounts are emptied, and transfers of the checking side are deleted. */
async function damage(store: RowStore): Promise<Record<string, number>> {
  const all = async (fullName: string) => (await store.all(fullName)) ?? []
  const accounts = (await all('savings.account')).filter(({ id }) => String(id) < 'account-5')
  for (const account of accounts) await store.put('savings.account', { ...account, balance: 0 })
  const transfers = (await all('checking.transfer')).filter(({ number }) => Number(number) % 2 === 0)
  for (const transfer of transfers) await store.remove('checking.transfer', transfer)
  return { 'savings.account': accounts.length, 'checking.transfer': transfers.length }
}

export interface RowBankOptions {
  store: RowStore
  assets: StandInProduct['assets']
  prepare: Bank['prepare']
  /** Appends a transfer to one side's list and changes that side's account; may be done twice. */
  apply: (namespace: BankNamespace, transfer: Transfer, row: Row) => Promise<void>
}

/** The bank in a database that does no two parts of a transfer together. */
export function rowBank({ store, assets, prepare, apply }: RowBankOptions): Bank {
  const count = async (fullName: string) => (await store.all(fullName))?.length
  const assetTable = assets && `${assets.namespace}.${assets.name}`
  const partsOf = (transfer: Transfer) => [
    async () => {
      await apply('checking', transfer, transferRow(transfer))
      if (assetTable !== undefined) await store.putOnce(assetTable, assetRow(transfer))
    },
    () => apply('savings', transfer, transferRow(transfer)),
    () => store.putOnce('coordinator.state', stateRow(transfer)),
  ]
  const begun = async (transfer: Transfer) =>
    (await store.read('checking.transfer', transferRow(transfer))) !== undefined
  return {
    prepare,
    make: (transfer, pace) => makeInParts(partsOf(transfer), () => begun(transfer), pace),
    last: async (stream) => {
      const row = await store.last('checking.transfer', stream)
      return row && transferOf(row)
    },
    check: async () =>
      verdictOf({
        checking: await readSide(store, 'checking'),
        savings: await readSide(store, 'savings'),
        assets: assetTable === undefined ? undefined : await count(assetTable),
        states: await count('coordinator.state'),
      }),
    damage: () => damage(store),
    close: () => {
      store.close()
      return Promise.resolve()
    },
  }
}
