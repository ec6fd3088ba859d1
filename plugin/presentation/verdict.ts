// Room: records, backups and pauses in words and columns.
// Read verdict, operation-columns.

import type { OperationRecord } from '../../operation/record.ts'
import { unpauseCommand } from '../../operation/outcome/unpause-command.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatDuration } from '../../operation/duration.ts'
import { isRestoredByHand, notMade } from '../kubernetes/records/backup-state.ts'
import { failureLines } from '../terminal/show-failure.ts'
import { isFinal, pausedBy } from '../../operation/outcome/outcome.ts'
import { interventionText } from './interventions.ts'

function tookMs(record: OperationRecord): number {
  return Date.parse(record.finishedAt ?? '') - Date.parse(record.startedAt ?? record.createdAt)
}

/** One line: how an operation stands. */
export function verdictLine(record: OperationRecord): string {
  const took = Number.isNaN(tookMs(record)) ? '' : ` after ${formatDuration(tookMs(record))}`
  const backup =
    record.backup === undefined
      ? ''
      : notMade(record)
        ? '; no backup was made'
        : `; the backup is ${record.backup.state}${isRestoredByHand(record.backup) ? ' by hand' : ''}`
  const point =
    record.backup?.restorePoint === undefined || record.backup.state === 'unusable'
      ? ''
      : `, restore point ${record.backup.restorePoint}`
  const window = record.kind === 'pause' ? record.windows.at(-1) : undefined
  const pause =
    window === undefined || window.verdict === 'open'
      ? ''
      : '; the pause is ' +
        `${window.verdict}${window.restorePoint === undefined ? '' : `, restore point ${window.restorePoint}`}`
  const served = record.restore?.serving
  const serving = served === undefined ? '' : `; the releases serve ${served === 'nothing' ? served : `${served} data`}`
  const waits = record.restore?.waitsFor !== undefined
  const state = isFinal(record) ? `${waits ? 'waits for you' : record.state}${took}` : `is ${record.state}`
  return `${record.operation} ${state}${backup}${point}${pause}${serving}`
}

/** The commands that end what is left paused, the way that needs least last: it works when no pod can be scheduled. */
export function waysToUnpause(
  { releases, namespace }: Pick<OperationRecord, 'releases' | 'namespace'>,
  addresses: readonly string[],
): string[] {
  const command = unpauseCommand({ releases, addresses, namespace })
  // --direct finds pods by their release.
  return [`run now: ${command}`, ...(releases.length > 0 ? [`or, when no pod can start: ${command} --direct`] : [])]
}

/** The last block of what leaves pods paused: loud, and with the commands that end it. */
export function stillPausedBlock(record: OperationRecord, style: Terminal['style']): string[] {
  const addresses = pausedBy(record)
  const hold = addresses.length === 1 ? '1 server holds' : `${addresses.length} servers hold`
  return [
    '',
    style('alarm', ' STILL PAUSED '),
    `${hold} every request: ${addresses.join(', ')}`,
    ...waysToUnpause(record, addresses),
  ]
}

/**
 * Shows on stderr how an operation ended: a line, what its guard had to do, its failure in three parts, and STILL
 * PAUSED as the last word.
 */
export function showVerdict(terminal: Terminal, record: OperationRecord): void {
  const mark =
    record.state === 'succeeded' ? terminal.style('green', '✔') : isFinal(record) ? terminal.style('red', '✖') : '·'
  terminal.note(`${mark} ${verdictLine(record)}`)
  for (const intervention of record.guard?.interventions ?? [])
    terminal.note(`${terminal.style('yellow', '⚠')} ${interventionText(record, intervention)}`)
  if (record.failure !== undefined) terminal.note(...failureLines(record.failure, terminal.style))
  if (isFinal(record) && pausedBy(record).length > 0) terminal.note(...stillPausedBlock(record, terminal.style))
}
