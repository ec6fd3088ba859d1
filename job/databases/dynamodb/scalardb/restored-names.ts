import { createHash } from 'node:crypto'
import { renamed } from '../tables/table-names.ts'
import type { TableSettings } from '../settings/table-settings.ts'

/** Longest name of a table or an index (DynamoDB: service quotas). */
export const longestName = 255

/** A name with another prefix. One that does not have the former (a table given by hand) gets the new one before it. */
export function withPrefix(name: string, former: string, prefix: string): string {
  return prefix + (name.startsWith(former) ? name.slice(former.length) : name)
}

/** Names that are too long under another prefix, of the table or of its indexes. */
export function tooLong(table: string, { globalIndexes }: TableSettings, target: string): string[] {
  return [target, ...globalIndexes.map((index) => renamed(index.name, table, target))].filter(
    (name) => name.length > longestName,
  )
}

/** Short and unique for one restore: what it makes for a while is called after it. */
function restoreMark(operation: string): string {
  return createHash('sha256').update(operation).digest('hex').slice(0, 10)
}

/**
 * The name of the temporary table that a backup of one point is taken of, and of that backup. ScalarDB finds a
 * namespace's tables by how their names begin, so this begins with what no namespace does.
 */
export function temporaryName(operation: string, table: string): string {
  return temporaryNameOf(restoreMark(operation), table)
}

/** Whether a name is that of a temporary table which some operation of ours made of a table, and of its backup. */
export function isTemporaryName(name: string, table: string): boolean {
  const [, mark] = /^restoring\.([0-9a-f]{10})\./.exec(name) ?? []
  return mark !== undefined && name === temporaryNameOf(mark, table)
}

function temporaryNameOf(mark: string, table: string): string {
  const name = `restoring.${mark}.${table}`
  if (name.length <= longestName) return name
  const digest = createHash('sha256').update(table).digest('hex').slice(0, 10)
  return `${name.slice(0, longestName - digest.length - 1)}.${digest}`
}
