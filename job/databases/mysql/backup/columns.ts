import { identifier, type Column } from '../tables.ts'

/** How a column's values are read so that no bit is lost, and written as literals. */
interface Form {
  /** what is selected in place of the column */
  select(column: string): string
  /** bare: digits as they are; text: in quotes, its bytes as they are; json: the same, said to be UTF-8 */
  literal: 'bare' | 'text' | 'json'
}

const bare: Form = { select: (column) => column, literal: 'bare' }
const text: Form = { select: (column) => column, literal: 'text' }

const characters = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']
const bytes = ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit']
const moments = ['date', 'time', 'datetime', 'timestamp', 'year']

/**
 * By DATA_TYPE. FLOAT prints six digits only, as a DOUBLE it prints all (MySQL manual, Problems with Floating-Point
 * Values). ENUM and SET go by number, since their texts may be empty or look alike. JSON refuses binary strings.
 */
const forms: Record<string, Form> = {
  ...Object.fromEntries(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal'].map((type) => [type, bare])),
  // As texts, since -0 is an integer, which has no sign.
  double: text,
  float: { select: (column) => `${column} * 1e0`, literal: 'text' },
  enum: { select: (column) => `CAST(${column} AS UNSIGNED)`, literal: 'bare' },
  set: { select: (column) => `CAST(${column} AS UNSIGNED)`, literal: 'bare' },
  json: { select: (column) => column, literal: 'json' },
  ...Object.fromEntries([...characters, ...bytes, ...moments, 'uuid', 'inet4', 'inet6'].map((type) => [type, text])),
}

/** Whether a column's type is one that a dump keeps to the bit. */
export function isKept({ type }: Column): boolean {
  return forms[type.toLowerCase()] !== undefined
}

/** What is selected of each column. */
export function selectList(columns: readonly Column[]): string {
  return columns.map((column) => formOf(column).select(identifier(column.name))).join(', ')
}

/** How each column's values are written. */
export function literals(columns: readonly Column[]): Form['literal'][] {
  return columns.map((column) => formOf(column).literal)
}

function formOf(column: Column): Form {
  const form = forms[column.type.toLowerCase()]
  if (form === undefined) throw new Error(`a column of type ${column.type} has no form`)
  return form
}
