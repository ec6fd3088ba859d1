import type { SeenGate } from './gate-watch.ts'

/**
 * How many pauses began after a moment, by the gates' own word: times in which gates were closed, those that overlap as
 * one.
 */
export function pausesSince(momentMs: number, gates: readonly SeenGate[]): number {
  const times = gates
    .flatMap(({ closed, atMs }) => closed.map(({ from, until = atMs }) => ({ from, until })))
    .filter(({ from }) => from >= momentMs)
    .sort((a, b) => a.from - b.from)
  let count = 0
  let untilMs = Number.NEGATIVE_INFINITY
  for (const { from, until } of times) {
    if (from > untilMs) count += 1
    untilMs = Math.max(untilMs, until)
  }
  return count
}
