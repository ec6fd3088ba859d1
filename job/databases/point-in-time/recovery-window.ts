import { formatTime } from '../../../operation/time.ts'

/** What a service can bring back of a table or container. */
export interface RecoveryWindow {
  /** undefined where nothing is kept yet */
  earliestMs: number | undefined
  /** trails the present by some minutes */
  latestMs: number | undefined
  /** undefined where the service does not say */
  periodDays?: number | undefined
}

/** Why a moment cannot be brought back. */
export interface OutsideWindow {
  why: string
  /** it will be inside a little later */
  passes?: true
}

/** Undefined where the window reaches to that moment; else a sentence that names the window. */
export function outsideWindow(point: Date, of: string, window: RecoveryWindow): OutsideWindow | undefined {
  const { earliestMs = Infinity, latestMs = -Infinity } = window
  if (point.getTime() >= earliestMs && point.getTime() <= latestMs) return undefined
  const span =
    Number.isFinite(earliestMs) && Number.isFinite(latestMs)
      ? `from ${formatTime(earliestMs)} to ${formatTime(latestMs)}`
      : 'empty yet'
  return {
    ...(point.getTime() > latestMs ? { passes: true } : {}),
    why: `${formatTime(point.getTime())} is outside the window of ${of}, which is ${span}`,
  }
}
