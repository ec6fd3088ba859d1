import { Failure } from '../../operation/failure.ts'
import type { OperationContext } from '../operation-context.ts'
import { formerRestore } from './former-restore.ts'
import { holdReleases } from './hold-releases.ts'
import { startReleases, stopReleases } from './stop-and-start.ts'

/** Undoes a restore: the data that was in service before it serves again, the restored data is kept beside it. */
export async function undo(context: OperationContext<'undo'>): Promise<void> {
  const { record: former, databases } = await formerRestore(context, context.request.restore)
  try {
    if (former.restore.databases.some((database) => database.previous === undefined)) {
      throw new Failure({
        what: `${former.operation} cannot be undone`,
        why: 'the data that was in service before it is no longer there',
        next: 'restore another backup instead: kubectl scalardl get backups',
      })
    }
    await holdReleases(context, async (lost) => {
      await context.phase('stop', () => stopReleases(context))
      lost.throwIfAborted()
      await context.phase('switch', async () => {
        for (const database of databases) await database.deactivate(context.journal)
      })
      await context.cluster.writeRecord({ ...former, restore: { ...former.restore, serving: 'previous', wayBack: [] } })
      await context.phase('start', () => startReleases(context))
    })
  } finally {
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}
