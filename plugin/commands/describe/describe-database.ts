import { kindOfEntry } from '../../../operation/databases/registry.ts'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { formatTable } from '../../terminal/print.ts'
import { isKeptByService } from '../../presentation/backup-place.ts'
import { formatBytes } from '../../presentation/operation-columns.ts'
import { fields } from './fields.ts'

/**
 * One database of a backup as lines of text. Of its kind's `details`, those with a name listed here are shown.
 */
export function describeDatabase(database: DatabaseBackup): string[] {
  const told = (name: string) => {
    const value = database.details[name]
    return typeof value === 'string' ? value : undefined
  }
  const service = isKeptByService(database)
  const { standing } = database
  const counted = database.tables.some((table) => table.rows !== undefined)
  return [
    ...fields([
      ['Storages', database.storages.join(', ')],
      ['Kind', database.kind],
      ['Point in time', database.snapshotAt],
      ['Region', told('region')],
      ['Account', told('account')],
      ['Endpoint', told('endpoint')],
      ['Now', standing && `${standing.state} since ${standing.since}, by ${standing.by}: ${standing.why}`],
      ['Restorable until', service ? told('restorableUntil') : undefined],
      [
        'Materialized',
        service && database.tables.length > 0 && kindOfEntry(database)?.materializing !== undefined
          ? `${database.serviceBackups ?? 0} of ${database.tables.length} tables`
          : undefined,
      ],
      ['Made by', told('tool')],
      ['Snapshot', told('tag') ?? told('snapshotId')],
      ['Cassy', told('cassy')],
      ['Its cluster', told('clusterId')],
      ['Its storage', told('cassyStorage')],
      ['One node lost', told('lostNode')],
      ['Folder', database.folder],
      ['Size', database.bytes === undefined ? undefined : formatBytes(database.bytes)],
    ]),
    ...(database.tables.length === 0
      ? []
      : formatTable(database.tables, counted ? tableColumns : tableColumns.slice(0, 1)).split('\n')),
  ]
}

const tableColumns = [
  { title: 'TABLE', value: (table: DatabaseBackup['tables'][number]) => `${table.schema}.${table.name}` },
  { title: 'ROWS', value: (table: DatabaseBackup['tables'][number]) => table.rows?.toString() ?? '-' },
]
