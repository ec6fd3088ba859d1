import { formatDuration } from '../../../operation/duration.ts'
import type { Events } from '../../events.ts'

/** Tells how far each of many tables is: one line a table whenever it enters a phase, and now and then while that lasts. */
export interface TableProgress {
  /** @param remainingMs how much longer this phase lasts, where something tells */
  at(table: string, phase: string, remainingMs?: number): void
  /** the table needs nothing more; only the last says so on a line of its own */
  done(table: string): void
}

/** Between two lines of a table in one phase, ms for each twenty tables, so that a log of many is not flooded. */
const betweenMs = 30_000

/**
 * @param total tables of which `done` will be told
 * @param doneAs what `done` means, for people: "restorable"
 */
export function tableProgress(events: Events, total: number, doneAs: string): TableProgress {
  const lines = new Map<string, { phase: string; sinceMs: number; saidMs: number }>()
  const finished = new Set<string>()
  const pauseMs = betweenMs * Math.max(1, total / 20)
  const say = (table: string, text: string, data: Record<string, unknown>) =>
    events.say('progress', `${table}: ${text}`, { data: { subject: table, done: finished.size, total, unit: 'tables', ...data } })
  return {
    at(table, phase, remainingMs) {
      const nowMs = performance.now()
      const line = lines.get(table)
      if (line?.phase === phase && nowMs - line.saidMs < pauseMs) return
      const sinceMs = line?.sinceMs ?? nowMs
      lines.set(table, { phase, sinceMs, saidMs: nowMs })
      const elapsedMs = nowMs - sinceMs
      const elapsed = elapsedMs < 1000 ? '' : `, ${formatDuration(elapsedMs)}`
      const estimate = remainingMs === undefined ? '' : `, about ${formatDuration(Math.max(0, remainingMs))} more`
      say(table, `${phase}${elapsed}${estimate}`, { phase, elapsedMs: Math.round(elapsedMs), ...(remainingMs === undefined ? {} : { remainingMs: Math.round(remainingMs) }) })
    },
    done(table) {
      finished.add(table)
      const sinceMs = lines.get(table)?.sinceMs ?? performance.now()
      say(table, doneAs, { phase: doneAs, elapsedMs: Math.round(performance.now() - sinceMs), finished: true })
    },
  }
}
