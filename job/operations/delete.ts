import { formatLocation, parseLocation, splitLocation } from '../../operation/location.ts'
import type { OperationContext } from '../operation-context.ts'
import { openStorage } from '../storage/open.ts'

/** Removes a backup's data from its storage. The record is the plugin's to remove, after this has succeeded. */
export async function deleteBackup(context: OperationContext<'delete'>): Promise<void> {
  const { location } = context.request
  if (location === undefined) throw new Error('a backup without a location cannot be deleted yet')
  const { parent, name } = splitLocation(parseLocation(location))
  await context.phase('remove', () => openStorage(parent).remove(name))
  context.events.say('note', `removed ${formatLocation(parent)}/${name}`)
}
