import { kindOfEntry } from './registry.ts'

/**
 * Why databases cannot be restored in one operation, undefined where they can. Where the administrator points the
 * releases to what was restored, they serve on from all former data until then, and nothing of it may be switched.
 */
export function notRestoredTogether(databases: readonly { kind: string }[]): string | undefined {
  const kinds = [...new Set(databases.flatMap((one) => kindOfEntry(one) ?? []))]
  const byHand = kinds.filter(({ repointUnlessGiven }) => repointUnlessGiven === 'print')
  const others = kinds.filter(({ flags }) => flags.restore?.repoint === undefined)
  if (byHand.length === 0 || others.length === 0) return undefined
  const titles = (of: typeof kinds) => of.map(({ title }) => title).join(' and ')
  return (
    `${titles(byHand)} is restored beside what serves, and the releases are pointed to it by hand; ` +
    `${titles(others)} cannot be restored in that way`
  )
}

/** What to do about a backup that has them all the same, for people. @param point of the backup, RFC 3339 */
export function restoredApart(operation: string, point: string | undefined): string {
  return (
    `restore each by its own means, all to ${point ?? 'the point of the backup'}: ` +
    `kubectl scalardl describe backup ${operation}`
  )
}
