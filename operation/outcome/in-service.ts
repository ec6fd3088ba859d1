import type { OperationRecord } from '../record.ts'

/**
 * What became of the data that a restore put in service. Its own record tells of an undo alone; a later restore of a
 * release of its has taken its place.
 * @param restores every restore of the namespace
 */
export function inServiceText(record: OperationRecord, restores: readonly OperationRecord[]): string | undefined {
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
function switchedAt({ finishedAt }: OperationRecord): number {
  return finishedAt === undefined ? Infinity : Date.parse(finishedAt)
}
