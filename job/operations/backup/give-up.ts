import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import type { Storage } from '../../storage/storage.ts'
import type { OpenSource } from '../open-databases.ts'
import { tidyUp } from '../tidy-up.ts'
import { backupName, describeBackup, hasClaim } from './backup-record.ts'

type Context = OperationContext<'backup'>

/**
 * Removes what this operation made, and records that the backup must not be restored, and what is left of it.
 */
export async function giveUp(
  context: Context,
  storage: Storage,
  sources: readonly OpenSource[],
  error: unknown,
): Promise<void> {
  const left = await tidyUp(context, wasTried(context) ? sources.map(({ source }) => source.discard?.()) : [])
  const reason = [messageOf(error), ...left].join('. ')
  const [remains] = await Promise.all([
    // A folder of that name that is not ours was refused before anything was written, and stays.
    tidyUp(context, [hasClaim(context) ? storage.delete(backupName(context)) : undefined]),
    tidyUp(context, [describeBackup(context, { state: 'unusable', reason, databases: [] })]),
  ])
  // What could not be removed can be deleted later, by the place that the record tells of.
  const { location } = context.record.current.backup ?? {}
  if (remains.length === 0 && location !== undefined)
    await tidyUp(context, [describeBackup(context, { location: undefined })])
}

/** Whether a point in time was tried, in a pause or without one. */
export function wasTried({ record }: Context): boolean {
  return record.current.windows.length > 0 || record.current.backup?.restorePoint !== undefined
}

/** The failure of a materializing: the restore point itself stands. */
export function stillRestorable(error: unknown): Failure {
  const text =
    error instanceof Failure
      ? error.text
      : { what: 'the materializing failed', why: messageOf(error), next: '-v shows more' }
  return new Failure(
    { ...text, next: `the backup can be restored as long as its services keep the point. ${text.next}` },
    { cause: error },
  )
}

/** The failure of a backup whose point in time was tried and is of no use. */
export function asUnusable(error: unknown): Failure {
  const text =
    error instanceof Failure
      ? error.text
      : { what: 'the backup failed', why: messageOf(error), next: 'run it again; -v shows more' }
  return new Failure(
    { ...text, next: `the backup is unusable and its data is not kept. ${text.next}` },
    { exitCode: ExitCode.backupUnusable, cause: error },
  )
}
