import { sum } from './counts.ts'
import { wordsOf, type PartResult } from './part.ts'

const slowest = 10
const shown = 12

/** What a run says at its end: where the time went, what was left out and why, what failed; the counts come last. */
export function summaryOf(results: readonly PartResult[]): string {
  const counts = results.map((result) => result.counts).reduce(sum, { passed: 0, failed: 0, skipped: 0 })
  const skips = results.flatMap((result) => result.skips)
  const failures = results.flatMap((result) => result.failures)
  return [
    '',
    'WHERE THE TIME WENT (s)',
    ...results.flatMap(timesOf),
    ...(skips.length > 0 ? ['', 'SKIPPED'] : []),
    ...skips.map(({ name, reason }) => `  ${name}: ${reason || 'no reason is given'}`),
    ...(failures.length > 0 ? ['', 'FAILED'] : []),
    ...failures
      .slice(0, shown)
      .flatMap(({ path, details }) => [`  ${path.join(' > ')}`, ...details.map((detail) => `      ${detail}`)]),
    ...(failures.length > shown ? [`  and ${failures.length - shown} more`] : []),
    '',
    wordsOf(counts),
    '',
  ].join('\n')
}

function timesOf({ title, seconds, files }: PartResult): string[] {
  const bySeconds = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, slowest)
  return [line(seconds, title), ...bySeconds.map((file) => line(file.seconds, `    ${file.file}`))]
}

function line(seconds: number, what: string): string {
  return `${seconds.toFixed(0).padStart(6)}  ${what}`
}
