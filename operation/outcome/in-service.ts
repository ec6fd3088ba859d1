import type { OperationRecord, RestorePart } from '../record.ts'

/** What of a restore tells which data serves. */
export type Served = Pick<OperationRecord, 'operation' | 'releases' | 'finishedAt'> & {
  restore?: Pick<RestorePart, 'serving'> | undefined
}

/** That alone, of a record that may be long. */
export function servedBy({ operation, releases, finishedAt, restore }: OperationRecord): Served {
  return { operation, releases, finishedAt, restore: restore && { serving: restore.serving } }
}

/**
 * What became of the data that a restore put in service. Its own record tells of an undo alone; a later restore of a
 * release of its has taken its place.
 * @param restores every restore of the namespace
 */
export function inServiceText(record: Served, restores: readonly Served[]): string | undefined {
  const { restore, releases } = record
  if (restore?.serving !== 'restored') return restore?.serving
  const later = restores
    .filter((other) => other.restore?.serving === 'restored' && switchedAt(other) > switchedAt(record))
    .filter((other) => other.releases.some((release) => releases.includes(release)))
    .sort((a, b) => switchedAt(a) - switchedAt(b))
    .at(0)
  return later === undefined ? 'in service' : `until ${later.operation}`
}

/** While it still runs nothing can have come after it: it holds the Leases of its releases. ms since the epoch */
function switchedAt({ finishedAt }: Served): number {
  return finishedAt === undefined ? Infinity : Date.parse(finishedAt)
}
