import { knownKinds } from '../../operation/databases/registry.ts'
import type { FlagTexts, KnownKind } from '../../operation/databases/kind.ts'

/**
 * How a flag is described that only some kinds of database understand: as those tell of it. Hidden where none does.
 * @param textOf what a kind tells of the flag
 */
export function ofKinds(
  textOf: (flags: FlagTexts) => string | undefined,
  kinds: readonly KnownKind[] = knownKinds,
): { describe: string; hidden: boolean } {
  const texts = new Set(kinds.flatMap(({ flags }) => textOf(flags) ?? []))
  return { describe: [...texts].join('; '), hidden: texts.size === 0 }
}
