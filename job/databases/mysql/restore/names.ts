import { createHash } from 'node:crypto'

/** The longest name of a schema, characters (MySQL manual, Identifier Length Limits). */
const longestName = 64

/** The schemas that one schema of a restore has beside the one in service. */
export interface Names {
  live: string
  /** while it is loaded, and after an undo */
  restored: string
  /** what was in service before */
  before: string
}

/** The same operation finds the same names again; two operations never share one. */
export function namesOf(live: string, operation: string): Names {
  const suffix = createHash('sha256').update(`${operation} ${live}`).digest('hex').slice(0, 8)
  return { live, restored: named(live, `_restore_${suffix}`), before: named(live, `_before_${suffix}`) }
}

function named(name: string, suffix: string): string {
  return [...name].slice(0, longestName - suffix.length).join('') + suffix
}
