import { formatDuration } from '../../operation/duration.ts'
import { pauseNumber, type Intervention, type OperationRecord } from '../../operation/record.ts'

/** What the guard did about the window at `index` of a record. */
export function interventionsIn(record: OperationRecord, index: number): Intervention[] {
  return (record.guard?.interventions ?? []).filter(({ pause }) => pause === pauseNumber(record, index))
}

/** When the guard had ended the pause of the window at `index` for every server; undefined where it did not. */
export function endedByGuardAt(record: OperationRecord, index: number): string | undefined {
  const last = interventionsIn(record, index).at(-1)
  return last === undefined || last.stillPaused.length > 0 || last.unpaused.length === 0 ? undefined : last.at
}

function servers(count: number): string {
  return count === 1 ? '1 server' : `${count} servers`
}

/** What the guard did, why, and how long the pause had lasted by then. */
export function interventionText(
  record: OperationRecord,
  { at, pause, why, unpaused, stillPaused }: Intervention,
): string {
  const window = record.windows.find((_, index) => pauseNumber(record, index) === pause)
  const lastedMs = Date.parse(at) - Date.parse(window?.pauseSentAt ?? '')
  const lasted = Number.isNaN(lastedMs) ? '' : `, ${formatDuration(Math.max(0, lastedMs))} after the pause was sent`
  const left = stillPaused.length === 0 ? '' : `; not ${stillPaused.join(', ')}`
  return `the guard unpaused ${servers(unpaused.length)} at ${at}${lasted}${left}: ${why}`
}
