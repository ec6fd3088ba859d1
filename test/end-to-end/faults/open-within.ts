import type { SeenGate } from './gate-watch.ts'

/** A time that a record calls a valid window, ms since the epoch. */
export interface Window {
  fromMs: number
  untilMs: number
}

/**
 * The addresses of gates that were open in a window, by their own word: those of processes that had ended before or
 * began after it do not count. What is known of a process ends with its last answer.
 */
export function openWithin({ fromMs, untilMs }: Window, gates: readonly SeenGate[]): string[] {
  return gates
    .filter(({ startedAt, atMs }) => startedAt < untilMs && atMs > fromMs)
    .filter(({ startedAt, atMs, closed }) => {
      const [first, last] = [Math.max(fromMs, startedAt), Math.min(untilMs, atMs)]
      return !closed.some(({ from, until = Infinity }) => from <= first && until >= last)
    })
    .map(({ ip }) => ip)
}
