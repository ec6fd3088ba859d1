import type { OperationContext } from '../../context/operation-context.ts'
import { formerRestore } from './earlier-restore.ts'
import { holdReleases } from '../hold-releases.ts'
import { markEndangered, recordStandings, refuseLosses } from './standing.ts'
import { withoutPrevious } from './without-previous.ts'

/** Removes what a restore kept: the data that was in service before it. There is no way back after this. */
export async function drop(context: OperationContext<'drop'>): Promise<void> {
  const { record: former, databases } = await formerRestore(context, context.request.restore)
  try {
    await holdReleases(context, async () => {
      await refuseLosses(context, databases, 'dropPrevious')
      await markEndangered(context, databases, 'dropPrevious')
      try {
        await context.phase('drop previous', async () => {
          for (const database of databases) await database.dropPrevious(context.journal)
        })
      } finally {
        await recordStandings(context, former.restore.backup, databases)
      }
    })
    await context.cluster.writeRecord({
      ...former,
      restore: { ...former.restore, databases: withoutPrevious(former.restore.databases), wayBack: [] },
    })
  } finally {
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}
