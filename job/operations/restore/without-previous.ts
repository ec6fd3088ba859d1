import type { RestoredDatabase } from '../../../operation/record.ts'

/** Restored databases as they are recorded once the former data is removed. */
export function withoutPrevious(databases: readonly RestoredDatabase[]): RestoredDatabase[] {
  return databases.map(({ previous: _dropped, ...rest }) => rest)
}
