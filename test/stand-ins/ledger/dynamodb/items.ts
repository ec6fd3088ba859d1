import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Row, Value } from '../data/rows.ts'
import type { DataType, Table } from '../data/tables.ts'

export type Item = Record<string, AttributeValue>

/** Names of ScalarDB's key attributes (scalar-labs/scalardb, DynamoOperation). */
export const partitionKey = 'concatenatedPartitionKey'
export const clusteringKey = 'concatenatedClusteringKey'

/**
 * A key column in bytes that compare as its values do (scalar-labs/scalardb, TextBytesEncoder, IntBytesEncoder,
 * BigIntBytesEncoder).
 */
function encoded(value: Value | undefined, type: DataType | undefined): Buffer {
  if (type === 'TEXT') return Buffer.concat([Buffer.from(String(value)), Buffer.from([0])])
  const bytes = Buffer.alloc(type === 'BIGINT' ? 8 : 4)
  if (type === 'BIGINT') bytes.writeBigInt64BE(BigInt(Number(value)))
  else bytes.writeInt32BE(Number(value))
  bytes.writeUInt8(bytes.readUInt8() ^ 0x80)
  return bytes
}

/** The key attributes of a row, from its key columns. */
export function keyOf(table: Table, row: Row): Item {
  const concatenated = (names: readonly string[]) =>
    Buffer.concat(names.map((name) => encoded(row[name], table.columns[name])))
  return {
    [partitionKey]: { B: concatenated(table.partitionKey) },
    ...(table.clusteringKey.length > 0 && { [clusteringKey]: { B: concatenated(table.clusteringKey) } }),
  }
}

/** A value as ScalarDB binds it (scalar-labs/scalardb, ValueBinder). */
export function attribute(value: Value): AttributeValue {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  return { B: value }
}

/** A whole row: its columns and its key attributes. */
export const itemOf = (table: Table, row: Row): Item => ({
  ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, attribute(value)])),
  ...keyOf(table, row),
})

function valueOf({ S, N, B }: AttributeValue): Value {
  if (N !== undefined) return Number(N)
  return B === undefined ? (S ?? null) : Buffer.from(B)
}

/** The columns of an item, and its key attributes as bytes. */
export const rowOf = (item: Item): Row =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, valueOf(value)]))
