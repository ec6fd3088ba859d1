// Room: the transactions, the tables that they write, and whether what is found is consistent.
// Read bank, transfer, rows, workload, verdict, row-bank, then sql/, dynamodb/, cosmos/ and cassandra/.

import { damage } from '../sql/damage.ts'
import { openDatabases } from '../sql/databases.ts'
import { checkInvariant } from '../sql/invariant.ts'
import { begun, lastTransfer, partsOf } from '../sql/transfer.ts'
import type { StorageProperties } from '../properties.ts'
import { createSchema } from '../sql/schema.ts'
import type { StandInSettings } from '../settings.ts'
import { tablesOf } from './tables.ts'
import { makeInParts, type Transfer, type TransferPace } from './transfer.ts'
import type { Verdict } from './verdict.ts'

/** Where the workload's money is, whatever databases those are. */
export interface Bank {
  /**
   * Creates what is missing of tables and data; several pods may do so at once. @throws Error while a database is away
   */
  prepare(): Promise<void>
  /** Makes a transfer to its end. @throws Error when the process ends before that */
  make(transfer: Transfer, pace: TransferPace): Promise<void>
  /** The last transfer that a stream began, or undefined where it has none. */
  last(stream: string): Promise<Transfer | undefined>
  /** Whether the data is consistent; on data being written to it never is. */
  check(): Promise<Verdict>
  /** Spoils the data. @returns how many rows of each table were touched */
  damage(): Promise<Record<string, number>>
  close(): Promise<void>
}

/** The bank in the databases of the release's properties; nothing is connected yet. */
export async function openBank(settings: StandInSettings): Promise<Bank> {
  const { storages, product, fillBytes } = settings
  const tables = tablesOf(product.app)
  if ('connections' in storages) return await sqlBank(storages, settings)
  // Other clients take their time to load, and few need them.
  const shared = { tables, assets: product.assets, fillBytes }
  if ('region' in storages) {
    const { dynamodbBank } = await import('../dynamodb/bank.ts')
    return dynamodbBank({ connection: storages, ...shared })
  }
  if ('metadataKeyspace' in storages) {
    const { cassandraBank } = await import('../cassandra/bank.ts')
    return cassandraBank({ connection: storages, ...shared })
  }
  const { cosmosBank } = await import('../cosmos/bank.ts')
  return cosmosBank({ connection: storages, ...shared })
}

async function sqlBank(storages: StorageProperties, { product, pace, fillBytes }: StandInSettings): Promise<Bank> {
  const databases = await openDatabases(storages, pace.workers + 4)
  const connections = [...storages.connections.values()]
  return {
    prepare: () => createSchema(databases, tablesOf(product.app), fillBytes),
    make: (transfer, pace) =>
      makeInParts(partsOf(transfer, databases, product.assets), () => begun(databases, transfer), pace),
    last: (stream) => lastTransfer(databases, stream),
    check: () => checkInvariant(connections),
    damage: () => damage(connections),
    close: () => databases.close(),
  }
}
