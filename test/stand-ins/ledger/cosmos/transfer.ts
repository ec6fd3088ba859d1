import { assetHash, type Transfer } from '../data/transfer.ts'
import type { StandInProduct } from '../product.ts'
import type { CosmosRecord } from './records.ts'
import type { Store } from './store.ts'

const committed = 3

const number = ({ values }: CosmosRecord, name: string): number => Number(values[name])

/**
 * Changes an account by a transfer, once. No two containers are written together here, so the account itself says up to
 * which transfer of each stream it was changed.
 */
async function changeAccount(store: Store, namespace: 'checking' | 'savings', transfer: Transfer): Promise<void> {
  const fullName = `${namespace}.account`
  const { stream, amount, txId } = transfer
  for (;;) {
    const account = await store.read(fullName, { id: transfer[namespace] })
    if (account === undefined) throw new Error(`${fullName} has no ${transfer[namespace]}`)
    const { values } = account
    const done = (values['last_transfers'] ?? {}) as Record<string, number>
    if ((done[stream] ?? 0) >= transfer.number) return
    const version = number(account, 'tx_version')
    const now = Date.now()
    const change = {
      before_balance: values['balance'],
      before_tx_id: values['tx_id'],
      before_tx_state: values['tx_state'],
      before_tx_version: version,
      balance: number(account, 'balance') + (namespace === 'checking' ? -amount : amount),
      tx_id: txId,
      tx_version: version + 1,
      tx_prepared_at: now,
      tx_committed_at: now,
      last_transfers: { [stream]: transfer.number },
    }
    // Otherwise another transfer was faster, and its balance counts.
    if (await store.change(fullName, account, change, version)) return
  }
}

/** Appends the transfer to one side's list, then changes that side's account. */
async function side(store: Store, namespace: 'checking' | 'savings', transfer: Transfer): Promise<void> {
  const now = Date.now()
  const { stream, number: nth, checking, savings, amount, txId } = transfer
  await store.putOnce(`${namespace}.transfer`, {
    stream,
    number: nth,
    checking,
    savings,
    amount,
    tx_id: txId,
    tx_state: committed,
    tx_version: 1,
    tx_prepared_at: now,
    tx_committed_at: now,
  })
  await changeAccount(store, namespace, transfer)
}

/** The parts of a transfer; Cosmos DB does none of them together with another. */
export function partsOf(transfer: Transfer, store: Store, assets: StandInProduct['assets']): (() => Promise<void>)[] {
  const { stream, number: nth, amount, txId } = transfer
  const addAsset = async () => {
    if (assets === undefined) return
    await store.putOnce(`${assets.namespace}.${assets.name}`, {
      id: stream,
      age: nth,
      argument: JSON.stringify({ nonce: txId }),
      contract_id: 'transfer',
      input: '{}',
      output: JSON.stringify({ amount }),
      hash: assetHash(transfer, nth),
      prev_hash: nth === 1 ? null : assetHash(transfer, nth - 1),
    })
  }
  return [
    async () => {
      await side(store, 'checking', transfer)
      await addAsset()
    },
    () => side(store, 'savings', transfer),
    () =>
      store.putOnce('coordinator.state', {
        tx_id: txId,
        tx_child_ids: '',
        tx_state: committed,
        tx_created_at: Date.now(),
      }),
  ]
}

/** Whether the first part of a transfer is in the database. */
export const begun = async (store: Store, { stream, number: nth }: Transfer): Promise<boolean> =>
  (await store.read('checking.transfer', { stream, number: nth })) !== undefined

/** The last transfer that a stream began, or undefined where it has none. */
export async function lastTransfer(store: Store, stream: string): Promise<Transfer | undefined> {
  const query =
    `select * from Record r where r.concatenatedPartitionKey = ${JSON.stringify(stream)} ` +
    'order by r.concatenatedPartitionKey asc, r.clusteringKey["number"] desc offset 0 limit 1'
  const { resources } = await store
    .container('checking.transfer')
    .items.query<CosmosRecord>(query, { partitionKey: stream })
    .fetchAll()
  const [record] = resources
  if (record === undefined) return undefined
  const text = (name: string) => String(record.values[name])
  return {
    stream,
    number: Number(record.clusteringKey['number']),
    checking: text('checking'),
    savings: text('savings'),
    amount: number(record, 'amount'),
    txId: text('tx_id'),
  }
}
