import { kindOfEntry } from '../../../operation/databases/registry.ts'
import type { BackupPart, OperationRecord } from '../../../operation/record.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'

/**
 * Whether a backup ended before anything was paused or written for it, mostly because it was refused: then there is
 * none.
 */
export function notMade(record: OperationRecord): boolean {
  return (
    isFinal(record) &&
    record.state === 'failed' &&
    record.windows.length === 0 &&
    record.backup?.restorePoint === undefined &&
    record.backup?.state !== 'restorable'
  )
}

/** What there is of a backup, in a word: its own state, or how its operation stands where there is none. */
export function backupState(record: OperationRecord, nowMs = Date.now()): string {
  if (!isFinal(record)) return record.state
  if (record.backup?.state === 'restorable') return pointState(record.backup, nowMs)
  return notMade(record) ? 'not made' : (record.backup?.state ?? record.state)
}

/** Of a backup that was made whole: what became of its point since, the worst of its databases. */
export function pointState(backup: BackupPart, nowMs = Date.now()): string {
  const states = backup.databases.flatMap(({ standing }) => standing?.state ?? [])
  for (const state of ['lost', 'in doubt'] as const) if (states.includes(state)) return state
  if (hasExpired(backup, nowMs)) return 'expired'
  if (isRestoredByHand(backup)) return 'by hand'
  const kept = backup.databases.filter(({ folder }) => folder === undefined)
  const isLasting = kept.every(
    ({ kind, serviceBackups = 0, tables }) =>
      // What a kind counts that is never materialized are snapshots of its nodes.
      kindOfEntry({ kind })?.materializing !== undefined && serviceBackups > 0 && serviceBackups >= tables.length,
  )
  return states.includes('materialized') || (kept.length > 0 && isLasting) ? 'materialized' : 'restorable'
}

/** Whether a restore of ours stops the releases, and waits for the administrator to put the data back. */
export function isRestoredByHand({ databases }: Pick<BackupPart, 'databases'>): boolean {
  return databases.some((entry) => kindOfEntry(entry)?.restoredByHand === true)
}

/** What became of a backup's point, for people: its worst database; undefined where nothing did. */
export function standingLine({ databases }: Pick<BackupPart, 'databases'>): string | undefined {
  const told = databases.flatMap(({ title, standing }) => (standing === undefined ? [] : [{ title, ...standing }]))
  const one = told.find(({ state }) => state === 'lost') ?? told[0]
  return one === undefined ? undefined : `${one.title}: ${one.state} since ${one.since}, by ${one.by}: ${one.why}`
}

/** Whether a service kept the point for a while only, which was over by its settings at the time of the backup. */
function hasExpired({ databases }: BackupPart, nowMs: number): boolean {
  return databases.some(({ folder, serviceBackups = 0, standing, tables, details }) => {
    const until = details['restorableUntil']
    return (
      folder === undefined &&
      standing?.state !== 'materialized' &&
      serviceBackups < tables.length &&
      typeof until === 'string' &&
      Date.parse(until) < nowMs
    )
  })
}
