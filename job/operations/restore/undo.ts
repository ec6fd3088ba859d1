import { concludePreflight } from '../conclude-preflight.ts'
import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import { hasDataBeside } from '../../../operation/outcome/leftover-data.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { OperationRecord, RestorePart } from '../../../operation/record.ts'
import type { RestoredData } from '../../databases/database.ts'
import { isHandedOn } from '../../context/handed-on.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { formerRestore, isRemoving, removalStep, rewriteRestore } from './earlier-restore.ts'
import { holdReleases } from '../hold-releases.ts'
import { markEndangered, recordStandings, refuseLosses } from './standing.ts'
import { keepStopped } from './keep-stopped.ts'
import { notedReplicas, startReleases, stopReleases, wasStopping } from './stop-and-start.ts'

type Context = OperationContext<'undo'>

/** Undoes a restore: the former data serves again, and the restored data is kept beside it. */
export async function undo(context: Context): Promise<void> {
  const { record: former, databases } = await formerRestore(context, context.request.restore)
  try {
    if (
      former.restore.serving === 'restored' &&
      former.restore.databases.some((database) => database.previous === undefined)
    ) {
      throw new Failure({
        what: `${former.operation} cannot be undone`,
        why: 'the data that was in service before it is no longer there',
        next: 'restore another backup instead: kubectl scalardl get backups',
      })
    }
    await holdReleases(context, async (lost) => {
      if (!wasStopping(context) && (hasDataBeside(former) || isRemoving(context)))
        return removeReady(context, former, databases)
      const recorded: Recorded = {
        serving: former.restore.serving,
        write: (serving) =>
          rewriteRestore(context, former, {
            serving,
            replicas: { ...former.restore.replicas, ...notedReplicas(context) },
            wayBack: serving === 'restored' ? former.restore.wayBack : [],
            // What is on its way back must not go on.
            waitsFor: undefined,
          }),
      }
      try {
        if (recorded.serving !== 'previous') await switchBack(context, databases, lost, recorded)
        await context.phase('start', () => startReleases(context, former.restore.replicas))
      } finally {
        await recordStandings(context, former.restore.backup, databases)
      }
    })
  } finally {
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}

/** Removes data that was only made ready, or left by a failed restore: the releases do not use it. */
async function removeReady(
  context: Context,
  former: OperationRecord & { restore: RestorePart },
  databases: readonly RestoredData[],
): Promise<void> {
  await refuseLosses(context, databases, 'discard')
  await context.journal.begin(removalStep)
  await markEndangered(context, databases, 'discard')
  try {
    await context.phase('remove', async () => {
      for (const database of databases) await database.discard(context.journal)
    })
    context.events.say('deleted', `removed what ${context.request.restore} had made ready`)
  } finally {
    await recordStandings(context, former.restore.backup, databases)
  }
  await rewriteRestore(context, former, {
    databases: databases.map((database) => database.describe()),
    wayBack: [],
  })
}

/** What serves according to the record of the restore that is undone. */
interface Recorded {
  serving: RestorePart['serving']
  write(serving: RestorePart['serving']): Promise<void>
}

/**
 * Stops the releases and puts back the former data of every database, or of none: where one fails, all serve again as
 * they did. Where even that fails, the releases stay stopped and the record of the restore says so: the undo can be
 * repeated, and nothing may be dropped.
 */
export async function switchBack(
  context: Context,
  databases: readonly RestoredData[],
  lost: AbortSignal,
  recorded: Recorded,
): Promise<void> {
  const { journal, phase } = context
  // Nothing is stopped for an undo that cannot be done.
  if (!journal.resumed) {
    await phase('preflight', async () => {
      const findings = await Promise.all(databases.map((database) => database.checkWayBack()))
      await concludePreflight(context, `undo of ${context.request.restore}`, findings.flat())
    })
    await refuseLosses(context, databases, 'deactivate')
  }
  await markEndangered(context, databases, 'deactivate')
  const served = await journal.once('note what serves', () => Promise.resolve(recorded.serving))
  // An earlier worker may have put back these, as it noted before it did so.
  const touched = new Set(databases.filter((_, index) => journal.begun(backStep(index))))
  const stopped = keepStopped(context)
  try {
    await phase('stop', () => stopReleases(context, stopped))
    lost.throwIfAborted()
    // Nobody may be left to tell if this worker is killed while only some tables are back.
    if (databases.some((database) => database.switchesInParts || database.leftToDo !== undefined))
      await recorded.write('nothing')
    await phase('switch', async () => {
      for (const [index, database] of databases.entries()) {
        await stopped.confirm()
        await journal.begin(backStep(index))
        if (database.switchesInParts) touched.add(database)
        // Each looks first; what an earlier worker put back it may have switched again before it was killed.
        await database.deactivate(journal)
        touched.add(database)
      }
      await stopped.confirm()
    })
  } catch (error) {
    stopped.release()
    if (await isHandedOn(context)) throw error
    await serveAsBefore(context, databases, touched, { ...recorded, serving: served }, error)
    throw error
  }
  stopped.release()
  context.events.say('switched', `the data from before ${context.request.restore} is in service`)
  await recorded.write('previous')
}

function backStep(index: number): string {
  return `database ${index + 1} back`
}

/** Lets all serve as before the undo. @param touched those that may hold their former data */
async function serveAsBefore(
  context: Context,
  databases: readonly RestoredData[],
  touched: ReadonlySet<RestoredData>,
  recorded: Recorded,
  error: unknown,
): Promise<void> {
  try {
    if (recorded.serving === 'nothing') throw new Error('nothing was in service before')
    for (const database of touched) await database.activate(context.journal)
    if (databases.some((database) => database.switchesInParts)) await recorded.write(recorded.serving)
  } catch (mixed) {
    const { flags, namespace, restore } = context.request
    // The failure that follows matters more than a record that cannot be written.
    await recorded.write('nothing').catch(() => undefined)
    throw new Failure(
      {
        what: `${restore} is undone in some databases or tables only; the releases stay scaled to 0`,
        why: `${messageOf(error)}; and what was put back could not be switched again: ${messageOf(mixed)}`,
        next: `fix the cause, then: ${restoreCommand({ operation: restore, namespace, flags }, '--undo')}`,
      },
      { cause: mixed },
    )
  }
  await startReleases(context)
}
