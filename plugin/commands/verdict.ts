import type { OperationRecord } from '../../operation/record.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatDuration } from '../../operation/duration.ts'
import { failureLines } from '../terminal/show-failure.ts'
import { isFinal, pausedBy } from '../../operation/settle.ts'

function tookMs(record: OperationRecord): number {
  return Date.parse(record.finishedAt ?? '') - Date.parse(record.startedAt ?? record.createdAt)
}

/** One line: how an operation stands. */
export function verdictLine(record: OperationRecord): string {
  const took = Number.isNaN(tookMs(record)) ? '' : ` after ${formatDuration(tookMs(record))}`
  const backup = record.backup === undefined ? '' : `; the backup is ${record.backup.state}`
  const point = record.backup?.restorePoint === undefined || record.backup.state === 'unusable' ? '' : `, restore point ${record.backup.restorePoint}`
  const serving = record.restore === undefined ? '' : `; the releases serve ${record.restore.serving} data`
  const state = isFinal(record) ? `${record.state}${took}` : `is ${record.state}`
  return `${record.operation} ${state}${backup}${point}${serving}`
}

/** The last block of what leaves pods paused: loud, and with the command that ends it. */
export function stillPausedBlock(record: OperationRecord, style: Terminal['style']): string {
  const addresses = pausedBy(record)
  const releases = record.releases.length === 0 ? `--addresses ${addresses.join(',')}` : record.releases.join(' ')
  return [
    '',
    style('alarm', ' STILL PAUSED '),
    `${addresses.length} server${addresses.length === 1 ? '' : 's'} hold every request: ${addresses.join(', ')}`,
    `run now: kubectl scalardl unpause ${releases} -n ${record.namespace}`,
  ].join('\n')
}

/** Shows on stderr how an operation ended: a line, its failure in three parts, and STILL PAUSED as the last word. */
export function showVerdict(terminal: Terminal, record: OperationRecord): void {
  const mark = record.state === 'succeeded' ? terminal.style('green', '✔') : isFinal(record) ? terminal.style('red', '✖') : '·'
  terminal.note(`${mark} ${verdictLine(record)}`)
  if (record.failure !== undefined) terminal.note(failureLines(record.failure, terminal.style))
  if (isFinal(record) && pausedBy(record).length > 0) terminal.note(stillPausedBlock(record, terminal.style))
}
