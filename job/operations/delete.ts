import { Failure } from '../../operation/failure.ts'
import { formatLocation, joinLocation, parseLocation, splitLocation } from '../../operation/location.ts'
import { neededBy } from '../../operation/outcome/backup-in-use.ts'
import type { OperationRecord } from '../../operation/record.ts'
import { isFinal, concludeByJob } from '../../operation/outcome/outcome.ts'
import { formatTime } from '../../operation/time.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { verifyRecord } from '../context/signing.ts'
import { openStorage } from '../storage/open.ts'
import type { Storage } from '../storage/storage.ts'
import { proveOwnership } from './backup/prove-ownership.ts'
import { databaseContext } from './database-contexts.ts'
import { databaseOf, databasesBackedUp } from './open-databases.ts'

/**
 * Removes a backup's data: what the databases' services keep of it, then its folder in the storage. The plugin removes
 * the record once this has succeeded.
 * @throws Failure where a restore needs it, which may have begun since the plugin looked
 */
export async function deleteBackup(context: OperationContext<'delete'>): Promise<void> {
  const { events, request, signal } = context
  const record = await context.cluster.readRecord(request.backup)
  verifyRecord(context, record, request.trust)
  await refuseNeeded(context, record)
  const { backup, releases } = record
  const say = (removed: string) => events.say('deleted', removed, { data: { releases } })
  if (request.location !== backup?.location && request.location !== undefined)
    throw new Failure({
      what: `${request.backup} is not deleted`,
      why:
        `its record says that its data is at ${backup?.location ?? 'no place'}, ` +
        `and not at ${request.location} as it did before`,
      next: 'look who changed the record, then run the command again',
    })
  const kept = backup?.databases.filter(({ serviceBackups = 0 }) => serviceBackups > 0) ?? []
  const place = request.location === undefined ? undefined : splitLocation(parseLocation(request.location))
  if (place !== undefined) {
    const parts = await context.phase('prove', () => proveOwnership(openStorage(place.parent), place.name, record))
    await refuseHeld(openStorage(place.parent), place.name)
    for (const part of parts) events.say('note', `to be removed: ${formatLocation(joinLocation(place.parent, part))}`)
  }
  await markGoing(context, record)
  if (kept.length > 0) {
    const databases = await databasesBackedUp(request.target, kept, signal)
    await context.phase('remove from services', async () => {
      for (const entry of kept) {
        const { kind, settings } = databaseOf(databases, entry)
        await kind.remove?.(settings, entry, databaseContext(context))
      }
    })
    for (const { title, serviceBackups } of kept) say(`removed ${serviceBackups} backups of ${title}`)
  }
  if (place === undefined) return
  const { parent, name } = place
  await context.phase('remove', () => openStorage(parent).delete(name))
  say(`removed ${request.location}`)
}

/** @throws Failure where the store would keep a part of the folder: a half of a backup is of no use to anybody */
async function refuseHeld(storage: Storage, name: string): Promise<void> {
  const held = await storage.held?.(name)
  if (held === undefined) return
  const { files, until } = held
  throw new Failure({
    what: `${name} is not deleted, nothing was removed`,
    why:
      `${storage.title} holds ${files} of its files ` +
      (until === undefined ? 'by a legal hold or a lease' : `by an object lock until ${until}`),
    next:
      `${until === undefined ? 'have the hold lifted' : 'run the same command again after that'}, ` +
      'or forget the backup and leave its data to the storage: --keep-data',
  })
}

/** Marks the record before the first part goes: what a failed deletion leaves must not be called restorable. */
async function markGoing({ cluster, request }: OperationContext<'delete'>, record: OperationRecord): Promise<void> {
  const { backup } = record
  if (backup === undefined) return
  const standing = {
    state: 'in doubt' as const,
    since: formatTime(Date.now()),
    by: request.operation,
    why: 'its deletion was begun, and not finished',
  }
  const databases = backup.databases.map((entry) => ({ ...entry, standing }))
  await cluster.writeRecord({ ...record, backup: { ...backup, databases } })
}

async function refuseNeeded({ cluster }: OperationContext<'delete'>, backup: OperationRecord): Promise<void> {
  // A restore whose worker was killed for good does not say so itself.
  const kept = await cluster.records((record) => !isFinal(record) || record.restore?.backup === backup.operation)
  const records = kept.map(async (record) =>
    isFinal(record) ? record : concludeByJob(record, await cluster.workerJob(record.operation)),
  )
  const needed = neededBy(backup, await Promise.all(records))
  if (needed !== undefined) throw new Failure(needed)
}
