// Room: the tables of one place being restored, beside those in service or in their place.
// Read open-restore, restore-work, then beside/ or in-place/.

import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreDestination } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { awsFailure } from '../aws-error.ts'
import { RestoreByPrefix } from './beside/restore-beside.ts'
import { RestoreByReplacement } from './in-place/restore-in-place.ts'
import { openWork, type RestoreWork } from './restore-work.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'

/**
 * A DynamoDB being restored, in the way that was chosen: under a prefix unless told otherwise, since that deletes
 * nothing.
 */
export function openRestore(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreDestination {
  const work = openWork(settings, entry, context)
  return explained(
    work.choice.strategy === 'replace' ? new RestoreByReplacement(work) : new RestoreByPrefix(work),
    work,
  )
}

/** The same, with what AWS answers told as a person can use it. */
function explained(destination: RestoreDestination, { title, access, context }: RestoreWork): RestoreDestination {
  const tell = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (error) {
      context.signal.throwIfAborted()
      throw awsFailure(what, access, error)
    }
  }
  return {
    // tables, and the properties of the storages, one by one
    switchesInParts: true,
    plan: () => tell(`the restore of ${title} could not be planned`, () => destination.plan()),
    preflight: (journal) => destination.preflight(journal),
    verify: () => destination.verify(),
    load: (journal) => tell(`${title} could not be restored`, () => destination.load(journal)),
    activate: (journal) =>
      tell(`what was restored of ${title} could not be put in service`, () => destination.activate(journal)),
    checkWayBack: () => tell(`the former data of ${title} cannot be looked at`, () => destination.checkWayBack()),
    deactivate: (journal) =>
      tell(`the former data of ${title} could not be put back`, () => destination.deactivate(journal)),
    ends: (by, entry) => destination.ends?.(by, entry) === true,
    standing: (entry) =>
      tell(
        `what holds the restore point of ${entry.title} cannot be looked at`,
        () => destination.standing?.(entry) ?? Promise.resolve(undefined),
      ),
    checkDrop: (journal) =>
      tell(`the former data of ${title} cannot be looked at`, () => destination.checkDrop(journal)),
    discard: (journal) =>
      tell(`what was made to restore ${title} could not be removed`, () => destination.discard(journal)),
    ...(destination.fencePrevious === undefined
      ? {}
      : {
          fencePrevious: (journal) =>
            tell(`the former data of ${title} could not be fenced`, async () => destination.fencePrevious?.(journal)),
          liftFence: () =>
            tell(`the former data of ${title} is still denied to everybody`, async () => destination.liftFence?.()),
        }),
    dropPrevious: (journal) =>
      tell(`the former data of ${title} could not be removed`, () => destination.dropPrevious(journal)),
    describe: () => destination.describe(),
    ...(destination.instructions === undefined
      ? {}
      : { instructions: async () => (await destination.instructions?.()) ?? [] }),
    close: () => destination.close(),
  }
}
