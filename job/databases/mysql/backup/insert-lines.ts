import { bytesAsText, identifier, type Column, type Table } from '../tables.ts'
import type { RawRow } from '../session.ts'
import { literals } from './columns.ts'

/** How long a line grows before another is begun, bytes; a single row may be longer. */
const lineBytes = 1 << 20

/**
 * What every file of rows begins with, so that a client of either server loads it: values are bytes, times are UTC, and
 * what the table holds is accepted as it is, dates of zero and zeros of AUTO_INCREMENT too.
 */
export const firstLine =
  "SET NAMES binary, time_zone = '+00:00', foreign_key_checks = 0, " +
  "sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO';"

/** What is told of the lines once all were written. */
export interface Written {
  rows: number
  /** of the longest line: what max_allowed_packet has to let through */
  longestBytes: number
}

/**
 * Turns rows into lines, each an INSERT statement of about a megabyte; no line feed is within one.
 * @param told is kept up to date with what was given out
 */
export async function* insertLines(
  rows: AsyncIterable<RawRow>,
  table: Pick<Table, 'name'>,
  columns: readonly Column[],
  told: Written,
): AsyncGenerator<Buffer> {
  const kinds = literals(columns)
  const beginning = beginningOf(table, columns)
  let line = `${firstLine}\n`
  let length = 0
  const finished = () => {
    const bytes = Buffer.from(line, 'latin1')
    told.longestBytes = Math.max(told.longestBytes, bytes.length)
    length = 0
    return bytes
  }
  for await (const row of rows) {
    let values = ''
    for (let index = 0; index < kinds.length; index += 1) {
      const value = row[index] ?? null
      values += `${index === 0 ? '(' : ','}${value === null ? 'NULL' : literal(value, kinds[index])}`
    }
    line += `${length === 0 ? beginning : ','}${values})`
    length += values.length
    told.rows += 1
    if (length >= lineBytes) {
      line += ';\n'
      yield finished()
      line = ''
    }
  }
  if (length > 0) line += ';\n'
  if (line !== '') yield finished()
}

/** What every line of rows begins with, one character a byte. */
export function beginningOf(table: Pick<Table, 'name'>, columns: readonly Column[]): string {
  const names = columns.map((column) => identifier(column.name)).join(',')
  return bytesAsText(`INSERT INTO ${identifier(table.name)} (${names}) VALUES `)
}

const escapes: Record<string, string> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\u001a': '\\Z',
  "'": "\\'",
  '\\': '\\\\',
}
const special = new RegExp(`[${Object.keys(escapes).join('').replace('\\', '\\\\')}]`, 'g')

/** A value as a literal, one character a byte. */
function literal(value: Buffer, kind: ReturnType<typeof literals>[number] | undefined): string {
  const text = value.toString('latin1')
  if (kind === 'bare') return text
  const escaped = text.search(special) < 0 ? text : text.replace(special, (one: string) => escapes[one] ?? one)
  return kind === 'json' ? `_utf8mb4'${escaped}'` : `'${escaped}'`
}
