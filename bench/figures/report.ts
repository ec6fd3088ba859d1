// Room: what was measured, as numbers and as tables.
// Read phases, statistics, report.

import type { Parts } from './phases.ts'
import { formatRatio, formatSpread, spreadOf, type Spread } from './statistics.ts'

/** What was measured of one thing (a size, a program), a line for each round. */
export interface Series {
  title: string
  rounds: Parts[]
}

/** The spread of each part over all rounds. */
export function spreads({ rounds }: Series): Record<string, Spread> {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, spreadOf(rounds.flatMap((round) => round[name] ?? []))]))
}

/** A table with a column for each series, and how many times the last is of the first. */
export function formatSeries(title: string, series: readonly Series[]): string {
  const columns = series.map(spreads)
  const [first = {}] = columns
  const last = columns.at(-1) ?? first
  const ratios = series.length > 1
  const head = [
    title,
    ...series.map((one) => one.title),
    ...(ratios ? [`${series.at(-1)?.title} / ${series[0]?.title}`] : []),
  ]
  const rows = Object.entries(first).map(([name, spread]) => [
    name,
    ...columns.map((column) => (column[name] === undefined ? '-' : formatSpread(column[name]))),
    ...(ratios ? [last[name] === undefined ? '-' : formatRatio(last[name], spread)] : []),
  ])
  return formatRows([head, ...rows])
}

/** Rows of cells, each column as wide as its widest. */
export function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return `${rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')}\n`
}
