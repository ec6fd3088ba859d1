import { guardReportSchema, type GuardReport, type OperationRecord } from '../record.ts'

/** The guard's report as its key holds it; undefined where there is none that can be read. */
export function parseGuardReport(json: string | undefined): GuardReport | undefined {
  if (json === undefined) return undefined
  try {
    return guardReportSchema.safeParse(JSON.parse(json)).data
  } catch {
    return undefined
  }
}

/** A record with what its guard reported beside it. */
export function withGuardReport(record: OperationRecord, json: string | undefined): OperationRecord {
  const guard = parseGuardReport(json)
  return guard === undefined ? record : { ...record, guard }
}

/** A record as its own key holds it: the guard's report has another. */
export function withoutGuardReport(record: OperationRecord): OperationRecord {
  const own = { ...record }
  delete own.guard
  return own
}
