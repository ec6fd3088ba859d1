import type { RestoredData } from '../../databases/database.ts'
import { concludePreflight } from '../conclude-preflight.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { formerRestore, rewriteRestore } from './earlier-restore.ts'
import { holdReleases } from '../hold-releases.ts'
import { dropFormerData, withoutPrevious } from './drop-previous.ts'
import { recordStandings, refuseLosses } from './standing.ts'

type Context = OperationContext<'drop'>

/** Removes what a restore kept: the data that was in service before it. There is no way back after this. */
export async function drop(context: Context): Promise<void> {
  const { record: former, databases } = await formerRestore(context, context.request.restore)
  try {
    await holdReleases(context, async () => {
      // Nothing is removed from one database where another refuses. A worker that goes on finds some of it removed
      // already.
      if (!context.journal.resumed) await context.phase('preflight', () => check(context, databases))
      await refuseLosses(context, databases, 'dropPrevious')
      try {
        await context.phase('drop previous', () => dropFormerData(context, databases))
      } finally {
        await recordStandings(context, former.restore.backup, databases)
      }
    })
    await rewriteRestore(context, former, { databases: withoutPrevious(former.restore.databases), wayBack: [] })
  } finally {
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}

async function check(context: Context, databases: readonly RestoredData[]): Promise<void> {
  const findings = await Promise.all(databases.map((database) => database.checkDrop(context.journal)))
  await concludePreflight(context, `removal of what ${context.request.restore} kept`, findings.flat())
}
