import type { Row, Value } from '../data/rows.ts'
import type { Table } from '../data/tables.ts'

/** A row as ScalarDB keeps it (scalar-labs/scalardb, Record). */
export interface CosmosRecord {
  id: string
  concatenatedPartitionKey: string
  partitionKey: Record<string, unknown>
  clusteringKey: Record<string, unknown>
  values: Record<string, unknown>
}

/** As ScalarDB writes a value (scalar-labs/scalardb, MapVisitor): bytes in Base64. */
const written = (value: Value | undefined): unknown =>
  Buffer.isBuffer(value) ? value.toString('base64') : (value ?? null)

/** Where a row is (scalar-labs/scalardb, CosmosOperation and ConcatenationVisitor). */
export function addressOf(table: Table, row: Row): { id: string; partition: string } {
  const joined = (names: readonly string[]) => names.map((name) => String(written(row[name]))).join(':')
  return { id: joined([...table.partitionKey, ...table.clusteringKey]), partition: joined(table.partitionKey) }
}

/** A whole row in ScalarDB's form. */
export function recordOf(table: Table, row: Row): CosmosRecord {
  const keys = [...table.partitionKey, ...table.clusteringKey]
  const { id, partition } = addressOf(table, row)
  const only = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, written(row[name])]))
  return {
    id,
    concatenatedPartitionKey: partition,
    partitionKey: only(table.partitionKey),
    clusteringKey: only(table.clusteringKey),
    values: only(Object.keys(row).filter((name) => !keys.includes(name))),
  }
}

/** A row of a record; what is not of its table is left out of its type. */
export const rowOf = ({ partitionKey, clusteringKey, values }: CosmosRecord): Row =>
  ({ ...partitionKey, ...clusteringKey, ...values }) as Row
