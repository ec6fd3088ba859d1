import type { SeenGate } from './gate-watch.ts'

/**
 * The longest time, ms, that any gate stayed closed after a moment; of a time that began before, only what came after
 * counts. A process that ended took its pause with it: then its last answer ends the time.
 */
export function longestPauseAfter(momentMs: number, gates: readonly SeenGate[]): number {
  const lengths = gates.flatMap(({ closed, atMs }) =>
    closed.map(({ from, until = atMs }) => until - Math.max(from, momentMs)),
  )
  return Math.max(0, ...lengths)
}
