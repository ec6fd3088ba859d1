import { createHash } from 'node:crypto'

/** PostgreSQL cuts identifiers after this many bytes. */
const longestName = 63

/** The names that the databases of one restore have beside the one in service. */
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
  let cut = name
  while (Buffer.byteLength(cut + suffix) > longestName) cut = [...cut].slice(0, -1).join('')
  return cut + suffix
}
