import type { DatabaseBackup } from '../record.ts'
import type { KnownKind } from './kind.ts'

/** What the administrator's tool said it has made. */
function artefactsOf({ details: { artefacts } }: Pick<DatabaseBackup, 'details'>): string[] {
  return Array.isArray(artefacts) ? artefacts.filter((name) => typeof name === 'string') : []
}

/** Every database that no other kind knows: the administrator's own tool backs it up, and restores it. */
export const otherDatabase: KnownKind = {
  name: 'other-database',
  title: 'a database that --exec-image backs up',
  // No property says so: it is what is left.
  storage: 'other-database',
  keepsItsOwnBackups: true,
  needsCommand: true,
  flags: {},
  keptNames: artefactsOf,
  planLines: (entry) => {
    const { title } = entry
    const names = artefactsOf(entry)
    return [
      'Restored by your own command, while the release is stopped:',
      `  ${title}${names.length === 0 ? '' : `, from ${names.join(', ')}`}`,
      '  what is in service there is not kept: --undo cannot bring it back',
    ]
  },
}
