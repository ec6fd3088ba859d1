import type { BankNamespace } from '../data/tables.ts'
import type { Transfer } from '../data/transfer.ts'
import type { CosmosRecord } from './records.ts'
import type { Store } from './store.ts'

const number = ({ values }: CosmosRecord, name: string): number => Number(values[name])

/**
 * Changes an account by a transfer, once. No two containers are written together here, so the account itself says up to
 * which transfer of each stream it was changed.
 */
export async function changeAccount(store: Store, namespace: BankNamespace, transfer: Transfer): Promise<void> {
  const fullName = `${namespace}.account`
  const { stream, amount, txId } = transfer
  for (;;) {
    const account = await store.record(fullName, { id: transfer[namespace] })
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
