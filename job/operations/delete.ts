import { formatLocation, parseLocation, splitLocation } from '../../operation/location.ts'
import type { OperationContext } from '../operation-context.ts'
import { openStorage } from '../storage/open.ts'

/** Removes a backup's data from its storage. The record is the plugin's to remove, after this has succeeded. */
export async function deleteBackup(context: OperationContext<'delete'>): Promise<void> {
  const { parent, name } = splitLocation(parseLocation(context.request.location))
  await context.phase('remove', () => openStorage(parent).remove(name))
  context.events.say('note', `removed ${formatLocation(parent)}/${name}`)
}
