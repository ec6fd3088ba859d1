import type { RestoreChoice } from '../restore-options.ts'
import { kindOfEntry } from './registry.ts'

/** Whether one operation can restore databases together, and where not in every way, why. */
export type Together = { by: 'any choice' } | { by: 'patch alone' | 'no choice'; why: string }

/**
 * How databases can be restored in one operation. Where the administrator points the releases to what was restored,
 * they serve on from all former data until then, and nothing of it may be switched. Where the restore points them
 * itself (`--repoint patch`), that is one more switch while they are stopped.
 */
export function restoredTogether(databases: readonly { kind: string }[]): Together {
  const kinds = [...new Set(databases.flatMap((one) => kindOfEntry(one) ?? []))]
  const byHand = kinds.filter(({ repointUnlessGiven }) => repointUnlessGiven === 'print')
  const others = kinds.filter(({ flags }) => flags.restore?.repoint === undefined)
  if (byHand.length === 0 || others.length === 0) return { by: 'any choice' }
  const titles = (of: typeof kinds) => of.map(({ title }) => title).join(' and ')
  const why =
    `${titles(byHand)} is restored beside what serves, and the releases are pointed to it by hand; ` +
    `${titles(others)} cannot be restored in that way`
  const isPatched = byHand.every(({ patchedBesideSwitched }) => patchedBesideSwitched === true)
  return { by: isPatched ? 'patch alone' : 'no choice', why }
}

/** Why databases cannot be restored together as it was chosen, undefined where they can. */
export function notRestoredTogether(
  databases: readonly { kind: string }[],
  choice: RestoreChoice | undefined,
): string | undefined {
  const together = restoredTogether(databases)
  if (together.by === 'any choice') return undefined
  return together.by === 'patch alone' && choice?.repoint === 'patch' ? undefined : together.why
}

/** What to do about a backup that is not restored as it was chosen, for people. */
export function restoredApart(
  operation: string,
  { databases, restorePoint }: { databases: readonly { kind: string }[]; restorePoint?: string | undefined },
): string {
  const apart =
    `restore each by its own means, all to ${restorePoint ?? 'the point of the backup'}: ` +
    `kubectl scalardl describe backup ${operation}`
  return restoredTogether(databases).by === 'patch alone' ? `restore it with --repoint patch; or ${apart}` : apart
}
