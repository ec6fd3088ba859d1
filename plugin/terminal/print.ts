import { Document, visit } from 'yaml'
import { lines, printable, printableLines } from '../../operation/text/printable.ts'
import type { OutputFormat, Terminal } from './terminal.ts'

/** One column of a table. */
export interface Column<Item> {
  title: string
  value: (item: Item) => string
  /** shown with `-o wide` only */
  wide?: boolean
}

/** How things of one sort are shown in every output format. */
export interface Presentation<Item> {
  columns: readonly Column<Item>[]
  /** what `-o json` and `-o yaml` show */
  document: (item: Item) => unknown
  /** what `-o name` shows */
  name: (item: Item) => string
}

const gap = '   '

/** Longer than any cell of ours; every row is padded to the longest of its column. Characters */
const longestCell = 1024

/** What a table shows of a text, in memory of its own: a part of a string keeps all of it. */
export function cellOf(text: string): string {
  if (text.length <= longestCell) return printable(text)
  return Buffer.from(`${printable(text.slice(0, longestCell))}…`).toString()
}

/** Rows below their titles, every column as wide as its widest value, as kubectl prints them. */
export function formatTable<Item>(items: readonly Item[], columns: readonly Column<Item>[]): string {
  const rows = [
    columns.map((column) => column.title),
    ...items.map((item) => columns.map((column) => cellOf(column.value(item)))),
  ]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)))
  return lines(
    rows.map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join(gap)
        .trimEnd(),
    ),
  )
}

/**
 * A document as JSON or YAML text, without a newline at its end. What steers a terminal is escaped in both, so that a
 * program still reads it as it was.
 */
export function formatDocument(document: unknown, format: 'json' | 'yaml'): string {
  if (format === 'json') return printableLines(JSON.stringify(document, undefined, 2))
  const yaml = new Document(document)
  visit(yaml, {
    Scalar(_, scalar) {
      // Only there is an escape an escape.
      if (typeof scalar.value === 'string' && printableLines(scalar.value) !== scalar.value)
        scalar.type = 'QUOTE_DOUBLE'
    },
  })
  // No more than that: blanks and line breaks before it may be the end of a text.
  return printableLines(yaml.toString({ lineWidth: 0 }).replace(/\n$/, ''))
}

/**
 * Prints a `List` document of things that come one by one, each as soon as it is there: the same text as printList's,
 * with no more than one of them in memory.
 */
export async function streamList<Item>(
  terminal: Terminal,
  format: 'json' | 'yaml',
  items: AsyncIterable<Item>,
  { document }: Pick<Presentation<Item>, 'document'>,
): Promise<void> {
  let none = true
  for await (const item of items) {
    // An item stands in a list of one as it does in a list of many.
    const alone = formatDocument({ items: [document(item)] }, format)
    const [before, after] = format === 'json' ? [jsonHead, jsonTail] : [yamlHead, '']
    const text = alone.slice(before.length, alone.length - after.length)
    await terminal.part(`${none ? before : format === 'json' ? ',\n' : '\n'}${text}`)
    none = false
  }
  if (none) terminal.document(formatDocument({ items: [] }, format))
  else await terminal.part(format === 'json' ? `${jsonTail}\n` : '\n')
}

const jsonHead = '{\n  "items": [\n'
const jsonTail = '\n  ]\n}'
const yamlHead = 'items:\n'

/** Prints several things: a table, a `List` document, or a name a line. */
export function printList<Item>(
  terminal: Terminal,
  format: OutputFormat,
  items: readonly Item[],
  show: Presentation<Item>,
): void {
  if (format === 'name') {
    for (const item of items) terminal.data(show.name(item))
  } else if (format === 'json' || format === 'yaml') {
    terminal.document(formatDocument({ items: items.map((item) => show.document(item)) }, format))
  } else {
    terminal.document(
      formatTable(
        items,
        show.columns.filter((column) => format === 'wide' || column.wide !== true),
      ),
    )
  }
}

/** Prints one thing: a table of one row, its document, or its name. */
export function printOne<Item>(terminal: Terminal, format: OutputFormat, item: Item, show: Presentation<Item>): void {
  if (format === 'json' || format === 'yaml') terminal.document(formatDocument(show.document(item), format))
  else printList(terminal, format, [item], show)
}
