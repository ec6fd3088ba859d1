import { formatTime } from '../../../operation/time.ts'

const dayMs = 86_400_000

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

/** What a record tells of how long a point can be brought back, RFC 3339; absent what the service does not say. */
export function recordedWindow(
  { earliestMs, periodDays }: RecoveryWindow,
  pointMs: number,
): { restorableFrom?: string; restorableUntil?: string } {
  return {
    ...(earliestMs === undefined ? {} : { restorableFrom: formatTime(earliestMs) }),
    ...(periodDays === undefined ? {} : { restorableUntil: formatTime(pointMs + periodDays * dayMs) }),
  }
}
