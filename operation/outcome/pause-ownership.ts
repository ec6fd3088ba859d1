import type { OperationRecord, PausedEndpoint } from '../record.ts'
import { pausedBy } from './outcome.ts'

/** Whether both name one server: by the pod where both know it, since addresses are given anew. */
export function isSameServer(a: PausedEndpoint, b: PausedEndpoint): boolean {
  return a.uid !== undefined && b.uid !== undefined ? a.uid === b.uid : a.address === b.address
}

/** The addresses that a record calls paused at this moment, of those servers. */
export function pausedAmong(record: OperationRecord, servers: readonly PausedEndpoint[]): string[] {
  const paused = pausedBy(record)
  const known = record.windows.flatMap(({ endpoints }) => endpoints).filter(({ address }) => paused.includes(address))
  return [
    ...new Set(
      known
        .filter((endpoint) => servers.some((server) => isSameServer(server, endpoint)))
        .map(({ address }) => address),
    ),
  ]
}

/**
 * Whether one of these records shows a pause of ours at that server that has not ended. Any other is somebody else's.
 */
export function isOurPause(server: PausedEndpoint, records: readonly OperationRecord[]): boolean {
  return records.some((record) => pausedAmong(record, [server]).length > 0)
}
