import { changed, until } from '../../../azure/long-operation.ts'
import { AzureRefusal, isAbsent } from '../../../azure/resource-manager.ts'
import { lookAtServer } from '../servers/server.ts'
import { isOwn, stillMade } from './restore-server.ts'
import type { RestoreWork } from './restore-work.ts'

/**
 * Deletes the server of this restore and waits until it is gone; nobody else's, as its tags tell.
 * @throws Failure where it is still being made and the operation was told to stop
 */
export async function deleteOwn({ lasting, target, context }: RestoreWork): Promise<void> {
  await until<true>(async () => {
    const one = await lookAtServer(lasting, target)
    if (one === undefined || !isOwn(one, context.operation)) return { done: true }
    const state = one.properties.state ?? 'Ready'
    // Whoever was told to stop has no hours to wait for it.
    if (/^(provisioning|starting)$/i.test(state) && context.signal.aborted) throw stillMade(target)
    if (/^(provisioning|updating|restarting|starting|stopping|dropping)$/i.test(state)) return { waitMs: undefined }
    await changed(lasting, 'delete', target).catch((error: unknown) => {
      // Somebody deleted it since it was looked at.
      if (!(error instanceof AzureRefusal && isAbsent(error))) throw error
    })
    return { waitMs: undefined }
  }, undefined)
}
