import type { BankNamespace } from '../data/tables.ts'
import type { Transfer } from '../data/transfer.ts'
import { quoted, type Store } from './store.ts'

/**
 * Changes an account by a transfer, once. No two rows of other partitions are written together here, so the account
 * itself says up to which transfer of each stream it was changed.
 */
export async function changeAccount(store: Store, namespace: BankNamespace, transfer: Transfer): Promise<void> {
  const fullName = `${namespace}.account`
  const { stream, number, amount, txId } = transfer
  const id = transfer[namespace]
  for (;;) {
    const account = await store.one(fullName, 'id = ?', [id])
    if (account === undefined) throw new Error(`${fullName} has no ${id}`)
    const done = (account.get('last_transfers') ?? {}) as Record<string, number>
    if ((done[stream] ?? 0) >= number) return
    const version = Number(account.get('tx_version'))
    const now = Date.now()
    const change = {
      before_balance: account.get('balance'),
      before_tx_id: account.get('tx_id'),
      before_tx_state: account.get('tx_state'),
      before_tx_version: version,
      balance: Number(account.get('balance')) + (namespace === 'checking' ? -amount : amount),
      tx_id: txId,
      tx_version: version + 1,
      tx_prepared_at: now,
      tx_committed_at: now,
    }
    const columns = Object.keys(change).map((name) => `${quoted(name)} = ?`)
    const changed = await store.execute(
      `UPDATE ${store.name(fullName)} SET ${columns.join(', ')}, last_transfers[?] = ? WHERE id = ? IF tx_version = ?`,
      [...Object.values(change), stream, number, id, version],
    )
    // Otherwise another transfer was faster, and its balance counts.
    if (changed.wasApplied()) return
  }
}
