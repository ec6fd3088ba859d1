import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What one case of the matrix came to. */
export interface CaseResult {
  /** the test file, without its ending */
  group: string
  name: string
  title: string
  /** usable: the backup can be restored, or the pause was whole; unusable: the record says that it is not, and why */
  ended: 'usable' | 'unusable' | 'neither'
  /** which of the situations that the fault may make it made */
  situation?: string
  /** why it is unusable, in the record's words */
  reason?: string
  exitCode?: number
  /** the longest time that any pod stayed paused after the fault, ms */
  longestPauseMs?: number
  /** from the beginning of the case to its end */
  seconds: number
  passed: boolean
}

/** Where a run keeps the results of its cases until it has them all. */
export const resultsVariable = 'SCALARDL_TEST_FAULT_RESULTS'

export function writeResult(result: CaseResult, folder = process.env[resultsVariable]): void {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.group}.${result.name}.json`), JSON.stringify(result))
}

export function readResults(folder: string): CaseResult[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CaseResult)
}

const longestReason = 200
const shortened = (reason: string) => (reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason)

/**
 * The results as lines of a table; every column as wide as its longest cell, the reason last, of which the JSON has
 * all.
 */
export function tableOf(results: readonly CaseResult[]): string {
  const rows = [
    ['', 'CASE', 'ENDED', 'EXIT', 'LONGEST PAUSE AFTER', 'TOOK', 'WHAT HAPPENED; REASON'],
    ...results.map(({ passed, group, name, ended, exitCode, longestPauseMs, seconds, title, situation, reason }) => [
      passed ? '✓' : '✗',
      `${group}/${name}`,
      ended,
      String(exitCode ?? '-'),
      longestPauseMs === undefined ? '-' : `${(longestPauseMs / 1000).toFixed(2)} s`,
      `${Math.round(seconds)} s`,
      [title, ...(situation ? [`here ${situation}`] : []), ...(reason ? [shortened(reason)] : [])].join('; '),
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n')
}
