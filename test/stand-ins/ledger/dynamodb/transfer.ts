import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb'
import type { StandInProduct } from '../product.ts'
import { assetHash, type Transfer } from '../data/transfer.ts'
import { attribute, itemOf, keyOf, partitionKey, type Row, type Value } from './rows.ts'
import type { Store } from './store.ts'

const committed = 3

function put(store: Store, fullName: string, row: Row): TransactWriteItem {
  return {
    Put: {
      TableName: store.physical(fullName),
      Item: itemOf(store.table(fullName), row),
      ConditionExpression: `attribute_not_exists(${partitionKey})`,
    },
  }
}

/** Puts a row unless it is there already. */
async function putOnce(store: Store, fullName: string, row: Row): Promise<void> {
  const { Put: input } = put(store, fullName, row)
  if (input === undefined) return
  try {
    await store.client.putItem(input as Required<typeof input>)
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** Appends the transfer to one side's list and changes that side's account, both or neither. */
async function side(store: Store, namespace: 'checking' | 'savings', transfer: Transfer): Promise<void> {
  const now = Date.now()
  const { stream, number, checking, savings, amount, txId } = transfer
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
    ':change': namespace === 'checking' ? -amount : amount,
    ':id': txId,
    ':one': 1,
    ':now': now,
  }
  try {
    await store.client.transactWriteItems({
      TransactItems: [
        put(store, `${namespace}.transfer`, {
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
        }),
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

/** The parts of a transfer; DynamoDB does none of them together with another. */
export function partsOf(transfer: Transfer, store: Store, assets: StandInProduct['assets']): (() => Promise<void>)[] {
  const { stream, number, amount, txId } = transfer
  const addAsset = async () => {
    if (assets === undefined) return
    await putOnce(store, `${assets.namespace}.${assets.name}`, {
      id: stream,
      age: number,
      argument: JSON.stringify({ nonce: txId }),
      contract_id: 'transfer',
      input: '{}',
      output: JSON.stringify({ amount }),
      hash: assetHash(transfer, number),
      prev_hash: number === 1 ? null : assetHash(transfer, number - 1),
    })
  }
  return [
    async () => {
      await side(store, 'checking', transfer)
      await addAsset()
    },
    () => side(store, 'savings', transfer),
    () =>
      putOnce(store, 'coordinator.state', {
        tx_id: txId,
        tx_child_ids: '',
        tx_state: committed,
        tx_created_at: Date.now(),
      }),
  ]
}

/** Whether the first part of a transfer is in the database. */
export async function begun(store: Store, { stream, number }: Transfer): Promise<boolean> {
  const { Item } = await store.client.getItem({
    TableName: store.physical('checking.transfer'),
    Key: keyOf(store.table('checking.transfer'), { stream, number }),
    ConsistentRead: true,
  })
  return Item !== undefined
}

/** The last transfer that a stream began, or undefined where it has none. */
export async function lastTransfer(store: Store, stream: string): Promise<Transfer | undefined> {
  const key = keyOf(store.table('checking.transfer'), { stream, number: 0 })
  const { Items = [] } = await store.client.query({
    TableName: store.physical('checking.transfer'),
    KeyConditionExpression: `${partitionKey} = :stream`,
    ExpressionAttributeValues: { ':stream': key[partitionKey] ?? { NULL: true } },
    ScanIndexForward: false,
    Limit: 1,
    ConsistentRead: true,
  })
  const [item] = Items
  if (item === undefined) return undefined
  const text = (name: string) => item[name]?.S ?? ''
  return {
    stream,
    number: Number(item['number']?.N),
    checking: text('checking'),
    savings: text('savings'),
    amount: Number(item['amount']?.N),
    txId: text('tx_id'),
  }
}
