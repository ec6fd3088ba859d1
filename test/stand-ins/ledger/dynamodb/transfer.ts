import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import type { Row, Value } from '../data/rows.ts'
import type { BankNamespace } from '../data/tables.ts'
import type { Transfer } from '../data/transfer.ts'
import { attribute, keyOf, partitionKey } from './items.ts'
import type { Store } from './store.ts'

/** Appends the transfer to one side's list and changes that side's account, both or neither. */
export async function apply(store: Store, namespace: BankNamespace, transfer: Transfer, row: Row): Promise<void> {
  const account = store.table(`${namespace}.account`)
  const set: Record<string, string> = {
    before_balance: 'balance',
    before_tx_id: 'tx_id',
    before_tx_state: 'tx_state',
    before_tx_version: 'tx_version',
    balance: 'balance + :change',
    tx_id: ':id',
    tx_version: 'tx_version + :one',
    tx_prepared_at: ':now',
    tx_committed_at: ':now',
  }
  const values: Record<string, Value> = {
    ':change': namespace === 'checking' ? -transfer.amount : transfer.amount,
    ':id': transfer.txId,
    ':one': 1,
    ':now': row['tx_committed_at'] ?? null,
  }
  try {
    await store.client.transactWriteItems({
      TransactItems: [
        { Put: store.puttingOnce(`${namespace}.transfer`, row) },
        {
          Update: {
            TableName: store.physical(`${namespace}.account`),
            Key: keyOf(account, { id: transfer[namespace] }),
            ConditionExpression: `attribute_exists(${partitionKey})`,
            UpdateExpression: `SET ${Object.entries(set)
              .map(([name, value]) => `${name} = ${value}`)
              .join(', ')}`,
            ExpressionAttributeValues: Object.fromEntries(
              Object.entries(values).map(([name, value]) => [name, attribute(value)]),
            ),
          },
        },
      ],
    })
  } catch (error) {
    // Then this part was done before.
    if (
      error instanceof TransactionCanceledException &&
      error.CancellationReasons?.[0]?.Code === 'ConditionalCheckFailed'
    )
      return
    throw error
  }
}
