import type { OperationRecord } from '../../operation/record.ts'

/** Parts of one run, by name, in ms. */
export type Parts = Record<string, number>

/** How a run of the plugin was seen from outside. */
export interface Timed {
  /** when the command was started, ms since the epoch */
  startedMs: number
  /** until it had ended */
  ms: number
}

/** Milliseconds from the one time to the other. @throws Error where one is missing */
export function msBetween(from: number | string | undefined, until: number | string | undefined): number {
  if (from === undefined || until === undefined)
    throw new Error('the record lacks a time that belongs to what was measured')
  return msOf(until) - msOf(from)
}

function msOf(time: number | string): number {
  return typeof time === 'number' ? time : Date.parse(time)
}

/** What a backup with one pause took. @throws Error for one that had none, or several */
export function partsOfBackup(record: OperationRecord, { startedMs, ms }: Timed): Parts {
  const [window, ...others] = record.windows
  if (window?.verdict !== 'valid' || others.length > 0)
    throw new Error(`${record.operation} had not one valid pause: ${JSON.stringify(record.windows)}`)
  return {
    pause: msBetween(window.pauseSentAt, window.allUnpausedAt),
    window: msBetween(window.allPausedAt, window.unpauseSentAt),
    'command to pause': msBetween(startedMs, window.pauseSentAt),
    '  the plugin asks': msBetween(startedMs, record.createdAt),
    '  the Job starts': msBetween(record.createdAt, record.startedAt),
    '  the worker prepares': msBetween(record.startedAt, window.pauseSentAt),
    dump: phase(record, 'dump'),
    'whole run': ms,
  }
}

/** What a restore took; the outage is from the first pod stopped to the last one ready. */
export function partsOfRestore(record: OperationRecord, { ms }: Timed): Parts {
  const load = phase(record, 'load')
  return { load, outage: phase(record, 'stop') + phase(record, 'switch') + phase(record, 'start'), 'whole run': ms }
}

function phase({ operation, phases }: OperationRecord, name: string): number {
  const found = phases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`${operation} has no phase "${name}"`)
  return msBetween(found.startedAt, found.finishedAt)
}
