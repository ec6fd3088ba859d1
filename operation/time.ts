import { Failure } from './failure.ts'
import { ExitCode } from './exit-code.ts'

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * Reads a time as RFC 3339 with an offset; the answer is in ms since the epoch, UTC.
 * @throws Failure (usage) for a local time without an offset, since nobody can tell which moment it means.
 */
export function parseTime(text: string): number {
  const ms = rfc3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new Failure(
      {
        what: `"${text}" is not a time`,
        why: 'a time is RFC 3339 with an offset; without one it would mean another moment on every machine',
        next: 'write it like 2026-11-21T09:30:00Z or 2026-11-21T18:30:00+09:00',
      },
      { exitCode: ExitCode.usage },
    )
  }
  return ms
}

/** RFC 3339 in UTC with ms, as records keep times. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** A time as part of an object's name: 20261121-093000, UTC. */
export function compactTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
}
