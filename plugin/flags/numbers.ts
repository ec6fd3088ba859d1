import { longestTimerMs, parseDuration } from '../../operation/duration.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'

/** A whole number from a flag. @throws Failure (usage) for anything else, or one below `least` */
export function wholeNumber(flag: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new Failure(
    {
      what: `${flag} cannot be read`,
      why: `it has to be a whole number, at least ${least}`,
      next: `write it like ${flag} ${Math.max(least, 2)}`,
    },
    { exitCode: ExitCode.usage },
  )
}

/**
 * A duration from a flag, ms.
 * @throws Failure (usage) where it is none, shorter than `leastMs`, or longer than a timer
 */
export function timeSpan(flag: string, text: string, leastMs: number): number {
  const ms = parseDuration(text)
  if (ms >= leastMs && ms <= longestTimerMs) return ms
  const why = ms > leastMs ? 'it is longer than 24 days' : 'it has to be longer than nothing'
  throw new Failure(
    { what: `${flag} cannot be ${text}`, why, next: `write it like ${flag} 30s` },
    { exitCode: ExitCode.usage },
  )
}
