import { formatLocation, parseLocation, splitLocation } from '../../operation/location.ts'
import type { OperationContext } from '../operation-context.ts'
import { openStorage, openStorageAt } from '../storage/open.ts'
import { databaseOf, databasesOf } from './open-databases.ts'

/**
 * Removes a backup's data: what the databases' services keep of it, then its folder in the storage. The record is the
 * plugin's to remove, after this has succeeded.
 */
export async function deleteBackup(context: OperationContext<'delete'>): Promise<void> {
  const { events, request, signal } = context
  const { backup } = await context.cluster.readRecord(request.backup)
  const kept = backup?.databases.filter(({ serviceBackups = 0 }) => serviceBackups > 0) ?? []
  if (kept.length > 0) {
    const databases = databasesOf(request.target)
    const surroundings = { events, signal, storage: openStorageAt(undefined), operation: request.operation, parallel: 1, schemas: [] }
    await context.phase('remove from services', async () => {
      for (const entry of kept) {
        const { kind, settings } = databaseOf(databases, entry)
        await kind.remove?.(settings, entry, surroundings)
      }
    })
    for (const { title, serviceBackups } of kept) events.say('note', `removed ${serviceBackups} backups of ${title}`)
  }
  if (request.location === undefined) return
  const { parent, name } = splitLocation(parseLocation(request.location))
  await context.phase('remove', () => openStorage(parent).remove(name))
  events.say('note', `removed ${formatLocation(parent)}/${name}`)
}
