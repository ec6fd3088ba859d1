import { Failure } from './failure.ts'
import { ExitCode } from './exit-code.ts'

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest that a timer of Node can wait, ms: almost 25 days; a longer one ends at once. */
export const longestTimerMs = 2 ** 31 - 1

/**
 * Reads a duration the way kubectl writes it (`500ms`, `10s`, `1m30s`, `2h`); the answer is in whole ms.
 * @throws Failure (usage) for anything else, a bare number included, since its unit would be a guess.
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new Failure(
      {
        what: `"${text}" is not a duration`,
        why: 'a duration is a number with a unit: ms, s, m, h or d',
        next: 'write it like 10s, 1m30s or 2h',
      },
      { exitCode: ExitCode.usage },
    )
  }
  return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0), 0))
}

/** A duration for people: `840 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
