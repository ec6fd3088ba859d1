import type { RowEncoder } from '../session.ts'
import { bytesAsText, identifier, type Column, type Table } from '../tables.ts'
import { literals } from './columns.ts'

/** How long a line grows before another is begun, bytes; a single row may be longer. */
const lineBytes = 1 << 20
/** What a line has room for at first, bytes: most end with the row that makes them long enough. */
const roomBytes = lineBytes + (64 << 10)

const accepting = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'

/**
 * What a file of rows begins with, so that a client of either server loads it: values are bytes, times are UTC, and
 * what the table holds is accepted as it is: dates of zero, zeros of AUTO_INCREMENT, and in MariaDB rows that were
 * written while CHECK was off. The servers are strict wherever they take all that a table may hold, see strictnessOf().
 */
export const firstLines = {
  strict: firstLineIn(`STRICT_ALL_TABLES,${accepting}`),
  lenient: firstLineIn(accepting),
} as const

function firstLineIn(mode: string): string {
  return (
    "SET NAMES binary, time_zone = '+00:00', foreign_key_checks = 0, " +
    `sql_mode = '${mode}' /*M!100201 , check_constraint_checks = 0 */;`
  )
}

/** What every line of rows begins with, one character a byte. */
export function beginningOf(table: Pick<Table, 'name'>, columns: readonly Column[]): string {
  const names = columns.map((column) => identifier(column.name)).join(',')
  return bytesAsText(`INSERT INTO ${identifier(table.name)} (${names}) VALUES `)
}

/** What stands for a byte within quotes, beside the backslash before it; 0 where it stands for itself. */
const escapes = new Uint8Array(256)
for (const [byte, escape] of [
  ['\0', '0'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\u001a', 'Z'],
  ["'", "'"],
  ['\\', '\\'],
] as const)
  escapes[byte.charCodeAt(0)] = escape.charCodeAt(0)

const code = (character: string) => character.charCodeAt(0)
const [quote, backslash, comma, opening, closing] = [code("'"), code('\\'), code(','), code('('), code(')')]
const nothing = Buffer.from('NULL')
const ending = Buffer.from(';\n')
const introducer = Buffer.from('_utf8mb4')

/**
 * Turns rows into lines, each an INSERT statement of about a megabyte; no line feed is within one. Bytes go straight
 * into a buffer for the line: a text for each value would take several times as long.
 */
export class InsertLines implements RowEncoder {
  rows = 0
  /** of the longest line: what max_allowed_packet has to let through */
  longestBytes = 0
  readonly #beginning: Buffer
  readonly #kinds: ReturnType<typeof literals>
  readonly #meter: { bytes: number }
  #line = Buffer.allocUnsafe(roomBytes)
  #length = 0
  #column = 0
  #hasRows = false

  /**
   * @param meter counts what was given out, bytes
   * @param strictness of the table, see strictnessOf()
   */
  constructor(
    table: Pick<Table, 'name'>,
    columns: readonly Column[],
    meter: { bytes: number },
    strictness: keyof typeof firstLines = 'strict',
  ) {
    this.#beginning = Buffer.from(beginningOf(table, columns), 'latin1')
    this.#kinds = literals(columns)
    this.#meter = meter
    this.#copy(Buffer.from(`${firstLines[strictness]}\n`))
  }

  value(bytes: Buffer | null): void {
    const kind = this.#kinds[this.#column]
    if (this.#column === 0) this.#beginRow()
    else this.#put(comma)
    this.#column += 1
    if (bytes === null) this.#copy(nothing)
    else if (kind === 'bare') this.#copy(bytes)
    else {
      if (kind === 'json') this.#copy(introducer)
      this.#quote(bytes)
    }
  }

  endRow(): Buffer | undefined {
    this.#put(closing)
    this.#column = 0
    this.rows += 1
    return this.#length < lineBytes ? undefined : this.#finish()
  }

  end(): Buffer | undefined {
    return this.#length === 0 ? undefined : this.#finish()
  }

  #beginRow(): void {
    if (this.#hasRows) this.#put(comma)
    else this.#copy(this.#beginning)
    this.#put(opening)
    this.#hasRows = true
  }

  #finish(): Buffer {
    if (this.#hasRows) this.#copy(ending)
    const line = this.#line.subarray(0, this.#length)
    this.#line = Buffer.allocUnsafe(roomBytes)
    this.#length = 0
    this.#hasRows = false
    this.#meter.bytes += line.length
    this.longestBytes = Math.max(this.longestBytes, line.length)
    return line
  }

  #put(byte: number): void {
    this.#makeRoom(1)
    this.#line[this.#length++] = byte
  }

  #copy(bytes: Buffer): void {
    this.#makeRoom(bytes.length)
    bytes.copy(this.#line, this.#length)
    this.#length += bytes.length
  }

  #quote(bytes: Buffer): void {
    this.#makeRoom(2 * bytes.length + 2)
    const line = this.#line
    let at = this.#length
    line[at++] = quote
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? 0
      const escape = escapes[byte] ?? 0
      if (escape === 0) line[at++] = byte
      else {
        line[at++] = backslash
        line[at++] = escape
      }
    }
    line[at++] = quote
    this.#length = at
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#line.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#line.length))
    this.#line.copy(larger, 0, 0, this.#length)
    this.#line = larger
  }
}
