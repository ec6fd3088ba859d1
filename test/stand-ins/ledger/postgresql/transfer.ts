// Room: the bank in PostgreSQL, in ScalarDB's own form.
// Read databases, transfer, invariant, damage.

import type { Pool, PoolClient } from 'pg'
import { transact, type Databases } from './databases.ts'
import type { StandInProduct } from '../product.ts'
import { assetHash, type Transfer } from '../data/transfer.ts'

interface Step {
  namespace: string
  /** may be done twice: the second time changes nothing */
  run: (client: PoolClient) => Promise<void>
}

const committed = 3

/**
 * Appends the transfer to one side's list and changes that side's account, with the columns of Consensus Commit filled
 * in.
 */
function side(namespace: 'checking' | 'savings', transfer: Transfer): Step {
  const account = transfer[namespace]
  const change = namespace === 'checking' ? -transfer.amount : transfer.amount
  return {
    namespace,
    run: async (client) => {
      const now = Date.now()
      const inserted = await client.query({
        name: `transfer-${namespace}`,
        text: `INSERT INTO "${namespace}"."transfer" (stream, number, checking, savings, amount, tx_id, tx_state,
          tx_version, tx_prepared_at, tx_committed_at)
               VALUES ($1, $2, $3, $4, $5, $6, ${committed}, 1, $7, $7) ON CONFLICT DO NOTHING`,
        values: [
          transfer.stream,
          transfer.number,
          transfer.checking,
          transfer.savings,
          transfer.amount,
          transfer.txId,
          now,
        ],
      })
      if (inserted.rowCount === 0) return
      const updated = await client.query({
        name: `account-${namespace}`,
        text: `UPDATE "${namespace}"."account" SET balance = balance + $2, tx_id = $3, tx_version = tx_version + 1,
          tx_prepared_at = $4, tx_committed_at = $4,
               before_balance = balance, before_tx_id = tx_id, before_tx_state = tx_state,
                 before_tx_version = tx_version,
               before_tx_prepared_at = tx_prepared_at, before_tx_committed_at = tx_committed_at WHERE id = $1`,
        values: [account, change, transfer.txId, now],
      })
      if (updated.rowCount !== 1) throw new Error(`${namespace}.account has no row "${account}"`)
    },
  }
}

/** One more link of the stream's hash chain, as ScalarDL keeps assets. */
function asset({ namespace, name }: { namespace: string; name: string }, transfer: Transfer): Step {
  return {
    namespace,
    run: async (client) => {
      await client.query({
        name: 'asset',
        text: `INSERT INTO "${namespace}"."${name}" (id, age, argument, contract_id, input, output, hash, prev_hash)
               VALUES ($1, $2, $3, 'transfer', '{}', $4, $5, $6) ON CONFLICT DO NOTHING`,
        values: [
          transfer.stream,
          transfer.number,
          JSON.stringify({ nonce: transfer.txId }),
          JSON.stringify({ amount: transfer.amount }),
          assetHash(transfer, transfer.number),
          transfer.number === 1 ? null : assetHash(transfer, transfer.number - 1),
        ],
      })
    },
  }
}

function coordinatorState(transfer: Transfer): Step {
  return {
    namespace: 'coordinator',
    run: async (client) => {
      await client.query({
        name: 'state',
        text:
          `INSERT INTO "coordinator"."state" (tx_id, tx_child_ids, tx_state, tx_created_at) VALUES ($1, '', ` +
          `${committed}, $2) ON CONFLICT DO NOTHING`,
        values: [transfer.txId, Date.now()],
      })
    },
  }
}

/**
 * The parts of a transfer: one database transaction for each change of database. Where one database holds everything
 * that is one.
 */
export function partsOf(
  transfer: Transfer,
  databases: Databases,
  assets: StandInProduct['assets'],
): (() => Promise<void>)[] {
  const steps = [
    side('checking', transfer),
    ...(assets === undefined ? [] : [asset(assets, transfer)]),
    side('savings', transfer),
    coordinatorState(transfer),
  ]
  const groups: { pool: Pool; steps: Step[] }[] = []
  for (const step of steps) {
    const pool = databases.of(step.namespace)
    const last = groups.at(-1)
    if (last?.pool === pool) last.steps.push(step)
    else groups.push({ pool, steps: [step] })
  }
  return groups.map(
    (group) => () =>
      transact(group.pool, async (client) => {
        for (const step of group.steps) await step.run(client)
      }),
  )
}

/** Whether the first part of a transfer is in the database. */
export async function begun(databases: Databases, transfer: Transfer): Promise<boolean> {
  const found = await databases
    .of('checking')
    .query('SELECT 1 FROM "checking"."transfer" WHERE stream = $1 AND number = $2', [transfer.stream, transfer.number])
  return found.rowCount === 1
}

/** The last transfer that a stream began, or undefined where it has none. */
export async function lastTransfer(databases: Databases, stream: string): Promise<Transfer | undefined> {
  const found = await databases
    .of('checking')
    .query<{ number: number; checking: string; savings: string; amount: string; tx_id: string }>(
      'SELECT number, checking, savings, amount, tx_id FROM "checking"."transfer" WHERE stream = $1 ORDER BY ' +
        'number DESC LIMIT 1',
      [stream],
    )
  const row = found.rows[0]
  return row === undefined
    ? undefined
    : {
        stream,
        number: row.number,
        checking: row.checking,
        savings: row.savings,
        amount: Number(row.amount),
        txId: row.tx_id,
      }
}
