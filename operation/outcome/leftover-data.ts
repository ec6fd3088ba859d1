import type { OperationRecord } from '../record.ts'

/**
 * Whether data that a restore made stands beside that in service: to be put in service by hand, or left where the
 * restore failed and could not remove it. An undo removes it. Only what was loaded counts: whoever was refused before
 * made nothing, and may have met another's of the same names.
 */
export function hasDataBeside({ phases, restore }: Pick<OperationRecord, 'phases' | 'restore'>): boolean {
  if (restore?.serving !== 'previous' || !phases.some(({ name }) => name === 'load')) return false
  return restore.databases.some(({ state }) => state === 'planned' || state === 'loaded')
}
