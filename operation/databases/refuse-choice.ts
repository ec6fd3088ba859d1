import type { FailureText } from '../failure.ts'
import type { RestoreChoice } from '../restore-options.ts'
import { parseTime } from '../time.ts'

/** For a service that restores to whole seconds. @param why says so: Amazon RDS restores to whole seconds */
export function refuseFraction({ at }: RestoreChoice, why: string): FailureText | undefined {
  if (at === undefined || parseTime(at) % 1000 === 0) return undefined
  return { what: '--at cannot be used', why, next: 'give a time without a fraction' }
}

/**
 * For flags that a kind of database has no use for.
 * @param flags with what was given
 * @param why it has none
 */
export function refuseNeedless(flags: Record<string, string | undefined>, why: string): FailureText | undefined {
  const given = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (given.length === 0) return undefined
  return { what: `${given.join(' and ')} cannot be used`, why, next: 'omit it' }
}
