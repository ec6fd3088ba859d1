import * as z from 'zod'
import { formatDuration } from '../../operation/duration.ts'

/** What is known of one of many things that go on at once, such as tables being restored. */
const rowSchema = z.object({
  subject: z.string(),
  phase: z.string(),
  elapsedMs: z.number(),
  /** where there is a basis for an estimate */
  leftMs: z.number().optional(),
})

/** The latest of each of many things, a line each. */
export interface Board {
  /**
   * Takes a progress event's data.
   * @returns the lines to show, the title first; undefined where the event is not of one of many
   */
  take(title: string, data: Record<string, unknown> | undefined): string[] | undefined
}

/** More would not fit a screen. */
const mostRows = 12

/** A board on which those that are done have made room for the others. */
export function progressBoard(): Board {
  const rows = new Map<string, { phase: string; sinceMs: number; untilMs: number | undefined }>()
  return {
    take(title, data) {
      const parsed = rowSchema.safeParse(data)
      if (!parsed.success) return undefined
      const { subject, phase, elapsedMs, leftMs } = parsed.data
      const nowMs = Date.now()
      if (phase === 'done') rows.delete(subject)
      else
        rows.set(subject, {
          phase,
          sinceMs: nowMs - elapsedMs,
          untilMs: leftMs === undefined ? undefined : nowMs + leftMs,
        })
      const shown = [...rows].slice(0, mostRows)
      const widest = Math.max(0, ...shown.map(([name]) => name.length))
      const lines = shown.map(
        ([name, row]) =>
          `  ${name.padEnd(widest)}  ${row.phase}, ` +
          `${formatDuration(nowMs - row.sinceMs)}${estimate(row.untilMs, nowMs)}`,
      )
      const hidden = rows.size - shown.length
      return [title, ...lines, ...(hidden > 0 ? [`  and ${hidden} more`] : [])]
    },
  }
}

function estimate(untilMs: number | undefined, nowMs: number): string {
  return untilMs === undefined || untilMs <= nowMs ? '' : `, about ${formatDuration(untilMs - nowMs)} left`
}
