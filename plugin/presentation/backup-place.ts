import type { BackupPart, DatabaseBackup } from '../../operation/record.ts'

/**
 * Where a backup's data is: its folder in a storage, or the databases whose services keep it; undefined where none is
 * known.
 */
export function placeOf(backup: BackupPart | undefined): string | undefined {
  if (backup === undefined) return undefined
  const services = backup.databases.filter(isKeptByService).map(({ title }) => title)
  return backup.location ?? (services.length === 0 ? undefined : services.join(', '))
}

/** How much a backup holds: bytes where it has files, else tables. */
export function extentOf(backup: BackupPart | undefined, formatBytes: (bytes: number) => string): string | undefined {
  const databases = backup?.databases ?? []
  const sizes = databases.flatMap(({ bytes }) => bytes ?? [])
  if (sizes.length > 0) return formatBytes(sizes.reduce((sum, bytes) => sum + bytes, 0))
  const tables = databases.reduce((sum, database) => sum + database.tables.length, 0)
  return tables === 0 ? undefined : `${tables} ${tables === 1 ? 'table' : 'tables'}`
}

/** Whether the service that the database is keeps the backup, so that there is no file of it anywhere. */
export function isKeptByService({ folder }: DatabaseBackup): boolean {
  return folder === undefined
}
