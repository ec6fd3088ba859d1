import { createHash } from 'node:crypto'
import type { Transfer } from './transfer.ts'

export type Value = string | number | Buffer | null
/** Of any table, by its columns. */
export type Row = Readonly<Record<string, Value>>

/** Accounts on each side, and what each begins with. */
export const accountCount = 100
const openingBalance = 1000

/** Of Consensus Commit. */
const committed = 3

export const openingRows: readonly Row[] = Array.from({ length: accountCount }, (_, index) => ({
  id: `account-${index + 1}`,
  balance: openingBalance,
  tx_id: 'seed',
  tx_state: committed,
  tx_version: 1,
}))

/** What all accounts of a side held before any transfer. */
export const openingSum = (accounts: number): number => accounts * openingBalance

/** A transfer in the list of a side, with the columns of Consensus Commit filled in. */
export function transferRow({ stream, number, checking, savings, amount, txId }: Transfer): Row {
  const now = Date.now()
  return {
    stream,
    number,
    checking,
    savings,
    amount,
    tx_id: txId,
    tx_state: committed,
    tx_version: 1,
    tx_prepared_at: now,
    tx_committed_at: now,
  }
}

/** A transfer from its row, whose numbers some databases give as text. */
export const transferOf = (row: Readonly<Record<string, unknown>>): Transfer => ({
  stream: String(row['stream']),
  number: Number(row['number']),
  checking: String(row['checking']),
  savings: String(row['savings']),
  amount: Number(row['amount']),
  txId: String(row['tx_id']),
})

const assetHash = (stream: string, number: number): Buffer =>
  createHash('sha256').update(`${stream} ${number}`).digest()

/** One more link of the stream's hash chain, as ScalarDL keeps assets. */
export const assetRow = ({ stream, number, amount, txId }: Transfer): Row => ({
  id: stream,
  age: number,
  argument: JSON.stringify({ nonce: txId }),
  contract_id: 'transfer',
  input: '{}',
  output: JSON.stringify({ amount }),
  hash: assetHash(stream, number),
  prev_hash: number === 1 ? null : assetHash(stream, number - 1),
})

/** The coordinator's word that a transfer is committed. */
export const stateRow = ({ txId }: Transfer): Row => ({
  tx_id: txId,
  tx_child_ids: '',
  tx_state: committed,
  tx_created_at: Date.now(),
})
