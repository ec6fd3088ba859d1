import { isHandedOn } from '../context/handed-on.ts'
import { Failure } from '../../operation/failure.ts'
import type { BackupPart, DatabaseBackup } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { verifyRecord, withBackup } from '../context/signing.ts'
import type { DatabaseContext } from '../databases/database.ts'
import type { DatabaseGroup } from '../databases/open.ts'
import { refuseLost, restorable } from './backup/restorable.ts'
import { concludePreflight } from './conclude-preflight.ts'
import { databaseContext } from './database-contexts.ts'
import { holdReleases } from './hold-releases.ts'
import { databaseOf, databasesBackedUp } from './open-databases.ts'
import { tidyUp } from './tidy-up.ts'

/**
 * Makes the point of an earlier backup outlive what its databases' services keep, and the tables themselves. Nothing is
 * paused: the past of the tables does not change. The backup's record tells it in the end.
 * @throws Failure where the backup cannot be restored, or is files, which last anyway
 */
export async function materializeBackup(context: OperationContext<'materialize'>): Promise<void> {
  const { cluster, events, request, signal } = context
  await holdReleases(context, async (lost) => {
    const verified = await cluster.readRecord(request.backup)
    const backup = restorable(verified)
    verifyRecord(context, verified, request.trust)
    refuseLost(backup)
    const databases = await databasesBackedUp(request.target, backup.databases, signal)
    const opened = openAll(backup, databases, databaseContext(context))
    await context.phase('preflight', () => check(context, opened))
    const entries = new Map<DatabaseBackup, DatabaseBackup>()
    try {
      await context.phase('materialize', async () => {
        for (const { entry, materials } of opened) entries.set(entry, await materials.make(context.journal))
      })
    } catch (error) {
      // A worker that comes next goes on with what was made.
      if (!(await isHandedOn(context)))
        await tidyUp(
          context,
          opened.map(({ materials }) => materials.discard()),
        )
      throw error
    }
    lost.throwIfAborted()
    const record = await cluster.readRecord(request.backup)
    const made = backup.databases.map((entry) => entries.get(entry) ?? entry)
    const former = { ...record, backup: record.backup ?? backup }
    await cluster.writeRecord(withBackup(former, { ...former.backup, databases: made }, context.signing, request.trust))
    for (const { title, serviceBackups = 0 } of entries.values())
      events.say('note', `${backup.name} is held by ${serviceBackups} backups of ${title}`)
  })
}

/** Opens each database of a backup whose service keeps the point for a while only. @throws Failure for none */
function openAll(backup: BackupPart, databases: readonly DatabaseGroup[], context: DatabaseContext) {
  const opened = backup.databases.flatMap((entry) => {
    const { kind, settings } = databaseOf(databases, entry)
    const materials = kind.openMaterials?.(settings, entry, context)
    return materials === undefined ? [] : [{ entry, materials }]
  })
  if (opened.length > 0) return opened
  throw new Failure({
    what: `nothing was done for backup ${backup.name}`,
    why: 'its data is files, which last until they are deleted',
    next: 'there is nothing to do',
  })
}

async function check(context: OperationContext<'materialize'>, opened: ReturnType<typeof openAll>): Promise<void> {
  const findings = await Promise.all(opened.map(({ materials }) => materials.preflight()))
  await concludePreflight(context, `materializing of ${context.request.backup}`, findings.flat())
}
