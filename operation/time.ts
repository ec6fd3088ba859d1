import { Failure } from './failure.ts'
import { ExitCode } from './exit-code.ts'

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/** Up to the year 5138; what has more digits is in another unit. */
const unixSeconds = /^\d{1,11}(\.\d+)?$/
const unixMs = /^\d{12,14}$/

/**
 * Reads a time as RFC 3339 with an offset, or as UNIX seconds; the answer is in ms since the epoch, UTC.
 * @throws Failure (usage) for a local time without an offset, since nobody can tell which moment it means.
 */
export function parseTime(text: string): number {
  if (unixSeconds.test(text)) return Math.round(Number(text) * 1000)
  const ms = rfc3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new Failure(
    {
      what: `"${text}" is not a time`,
      why: unixMs.test(text)
        ? 'it looks like milliseconds, and UNIX time is in seconds here'
        : 'a time is RFC 3339 with an offset, or UNIX seconds; ' +
          'without an offset it would mean another moment on every machine',
      next: unixMs.test(text)
        ? `write ${text.slice(0, -3)}.${text.slice(-3)}`
        : 'write it like 2026-11-21T09:30:00Z, 2026-11-21T18:30:00+09:00 or 1795253400',
    },
    { exitCode: ExitCode.usage },
  )
}

/** RFC 3339 in UTC with ms, as records keep times. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** A time as part of an object's name: 20261121-093000, UTC. */
export function compactTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
}
