import type { DatabaseBackup } from '../../../operation/record.ts'
import type { DatabaseContext, RestoreDestination, StorageSettings } from '../database.ts'
import { RestoreByPrefix } from './restore-by-prefix.ts'
import { RestoreByReplacement } from './restore-by-replacement.ts'
import { openWork } from './restore-work.ts'

/** A DynamoDB being restored, in the way that was chosen: under a prefix unless told otherwise, since that deletes nothing. */
export function openRestore(settings: readonly StorageSettings[], entry: DatabaseBackup, context: DatabaseContext): RestoreDestination {
  const work = openWork(settings, entry, context)
  return work.choice.strategy === 'replace' ? new RestoreByReplacement(work) : new RestoreByPrefix(work)
}
