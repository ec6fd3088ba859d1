import { formatDuration } from '../../../operation/duration.ts'
import { stepBetween, type ClockReading } from '../../clocks/clock-reading.ts'

/** More than NTP slews in the longest pause, and far less than moves a restore point out of one. ms */
const toleratedMs = 100

/**
 * Why the times of a pause prove nothing: the clock was set in it. Undefined where it was not.
 */
export function clockStep(before: ClockReading, after: ClockReading): string | undefined {
  const step = Math.round(stepBetween(before, after))
  if (Math.abs(step) <= toleratedMs) return undefined
  const [wall, monotonic] = [after.wallMs - before.wallMs, after.monotonicMs - before.monotonicMs]
  return (
    `the clock of the worker's node was set ${step > 0 ? 'forward' : 'back'} by ` +
    `${formatDuration(Math.abs(step))} in the pause (${wall} ms passed by it, ` +
    `${Math.round(monotonic)} ms in truth), so its times cannot be relied on`
  )
}
