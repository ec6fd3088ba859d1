// Room: single tables: which are meant, how they stand, restored and deleted.
// Read table-names, tables-in-scope, look-at-table, delete-table.

import {
  DescribeTableCommand,
  ResourceNotFoundException,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'

/** What a table is restored from: another at one second of its time, or a backup. */
export type RestoreFrom = { tableArn: string; at: Date } | { backupArn: string }

/** A table as it stands, undefined where there is none of that name. */
export async function lookAtTable(client: DynamoDBClient, table: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: table }))).Table
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

/** Whether a table is what such a restore makes of it: AWS keeps with each table what it was restored from. */
export function isRestoredFrom(table: TableDescription, from: RestoreFrom): boolean {
  const summary = table.RestoreSummary
  if (summary === undefined) return false
  if ('backupArn' in from) return summary.SourceBackupArn === from.backupArn
  return (
    summary.SourceBackupArn === undefined &&
    summary.SourceTableArn === from.tableArn &&
    summary.RestoreDateTime?.getTime() === from.at.getTime()
  )
}

/** Whether a table and all its indexes are ready; while a restore or an index is under way they are not. */
export function isSteady(table: TableDescription): boolean {
  return (
    table.TableStatus === 'ACTIVE' &&
    (table.GlobalSecondaryIndexes ?? []).every((index) => index.IndexStatus === 'ACTIVE')
  )
}

/** A table's origin for people, where a restore made it. */
export function originOf(table: TableDescription): string {
  const { RestoreSummary: summary, CreationDateTime: created } = table
  const made = created === undefined ? '' : `, made ${created.toISOString()}`
  if (summary === undefined) return `a table of its own${made}`
  return (
    `restored from ${summary.SourceBackupArn ?? summary.SourceTableArn ?? 'another'} of ` +
    `${summary.RestoreDateTime?.toISOString() ?? 'an unknown time'}${made}`
  )
}
