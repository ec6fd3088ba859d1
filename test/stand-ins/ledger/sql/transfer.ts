// Room: the bank in PostgreSQL, in MySQL or MariaDB and in H2, in ScalarDB's own form.
// Read databases, schema, transfer, invariant, damage.

import type { Database, Databases, Session } from './databases.ts'
import type { StandInProduct } from '../product.ts'
import { assetRow, stateRow, transferOf, transferRow } from '../data/rows.ts'
import type { BankNamespace } from '../data/tables.ts'
import type { Transfer } from '../data/transfer.ts'

interface Step {
  namespace: string
  /** may be done twice: the second time changes nothing */
  run: (session: Session) => Promise<void>
}

/**
 * Appends the transfer to one side's list and changes that side's account, with the columns of Consensus Commit filled
 * in.
 */
function side(namespace: BankNamespace, transfer: Transfer): Step {
  const account = transfer[namespace]
  const change = namespace === 'checking' ? -transfer.amount : transfer.amount
  return {
    namespace,
    run: async (session) => {
      const row = transferRow(transfer)
      const added = await session.add(`"${namespace}"."transfer"`, [row])
      if (added === 0) return
      // What was before comes first: MySQL assigns from left to right.
      const updated = await session.change(
        `UPDATE "${namespace}"."account" SET before_balance = balance, before_tx_id = tx_id,
           before_tx_state = tx_state, before_tx_version = tx_version, before_tx_prepared_at = tx_prepared_at,
           before_tx_committed_at = tx_committed_at, balance = balance + $1, tx_id = $2, tx_version = tx_version + 1,
           tx_prepared_at = $3, tx_committed_at = $4 WHERE id = $5`,
        [change, transfer.txId, row['tx_prepared_at'], row['tx_committed_at'], account],
      )
      if (updated !== 1) throw new Error(`${namespace}.account has no row "${account}"`)
    },
  }
}

/** One more link of the stream's chain of assets. */
function asset({ namespace, name }: { namespace: string; name: string }, transfer: Transfer): Step {
  return {
    namespace,
    run: async (session) => {
      await session.add(`"${namespace}"."${name}"`, [assetRow(transfer)])
    },
  }
}

function coordinatorState(transfer: Transfer): Step {
  return {
    namespace: 'coordinator',
    run: async (session) => {
      await session.add('"coordinator"."state"', [stateRow(transfer)])
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
  const groups: { database: Database; steps: Step[] }[] = []
  for (const step of steps) {
    const database = databases.of(step.namespace)
    const last = groups.at(-1)
    if (last?.database === database) last.steps.push(step)
    else groups.push({ database, steps: [step] })
  }
  return groups.map(
    (group) => () =>
      group.database.transact(async (session) => {
        for (const step of group.steps) await step.run(session)
      }),
  )
}

/** Whether the first part of a transfer is in the database. */
export async function begun(databases: Databases, { stream, number }: Transfer): Promise<boolean> {
  const found = await databases
    .of('checking')
    .transact((session) =>
      session.query('SELECT 1 AS one FROM "checking"."transfer" WHERE stream = $1 AND number = $2', [stream, number]),
    )
  return found.length === 1
}

/** The last transfer that a stream began, or undefined where it has none. */
export async function lastTransfer(databases: Databases, stream: string): Promise<Transfer | undefined> {
  const [row] = await databases.of('checking').transact((session) =>
    session.query<Record<string, unknown>>(
      `SELECT stream, number, checking, savings, amount, tx_id FROM "checking"."transfer"
       WHERE stream = $1 ORDER BY number DESC LIMIT 1`,
      [stream],
    ),
  )
  return row && transferOf(row)
}
