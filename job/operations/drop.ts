import type { OperationContext } from '../operation-context.ts'
import { formerRestore } from './former-restore.ts'
import { holdReleases } from './hold-releases.ts'

/** Removes what a restore kept: the data that was in service before it. There is no way back after this. */
export async function drop(context: OperationContext<'drop'>): Promise<void> {
  const { record: former, databases } = await formerRestore(context, context.request.restore)
  try {
    await holdReleases(context, () =>
      context.phase('drop previous', async () => {
        for (const database of databases) await database.dropPrevious(context.journal)
      }),
    )
    const kept = former.restore.databases.map((database) => {
      const { previous: _dropped, ...rest } = database
      return rest
    })
    await context.cluster.writeRecord({ ...former, restore: { ...former.restore, databases: kept, wayBack: [] } })
  } finally {
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}
