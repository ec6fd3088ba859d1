import { createHash } from 'node:crypto'

/** The places of a restore's data on a server: what is in service, and the two beside it. */
export interface Names {
  live: string
  /** while it is loaded, and after an undo */
  restored: string
  /** what was in service before */
  before: string
}

/**
 * The same operation finds the same names again; two operations never share one.
 * @param fits whether a name is short enough for the server; a longer one is cut before its suffix
 */
export function namesOf(live: string, operation: string, fits: (name: string) => boolean): Names {
  const suffix = createHash('sha256').update(`${operation} ${live}`).digest('hex').slice(0, 8)
  return {
    live,
    restored: named(live, `_restore_${suffix}`, fits),
    before: named(live, `_before_${suffix}`, fits),
  }
}

function named(name: string, suffix: string, fits: (name: string) => boolean): string {
  let cut = [...name]
  while (!fits(cut.join('') + suffix)) cut = cut.slice(0, -1)
  return cut.join('') + suffix
}
