import { Failure } from '../../../../operation/failure.ts'
import { changed, until } from '../../../azure/long-operation.ts'
import { lookAtAccount, partsOf } from '../account/account.ts'
import { listContainers } from '../account/read-databases.ts'
import { comparable } from '../access.ts'
import type { AccountRepointing } from './account-repointing.ts'
import type { RestoreWork } from './restore-work.ts'

/**
 * Looks, changing nothing, whether the account that was in service before may be deleted.
 * @param endpoint of the restored account
 * @throws Failure where anything may still need it
 */
export async function refuseDrop(work: RestoreWork, repointing: AccountRepointing, endpoint: string): Promise<void> {
  const { context, details, endpoints, lasting } = work
  const { name, resourceGroup, subscription } = partsOf(details.id)
  const refused = (why: string, next?: string) =>
    new Failure({
      what: `account ${name} is not deleted`,
      why,
      next:
        next ??
        `once nobody needs it: az cosmosdb delete --name ${name} --resource-group ${resourceGroup} ` +
          `--subscription ${subscription}`,
    })
  if (!endpoints.every((one) => one === comparable(endpoint)))
    throw refused('the releases do not all use the restored account', 'point them to the restored account first')
  await repointing.recall()
  const former = repointing.formerEndpoints()
  if (former.length < endpoints.length || former.some((one) => one !== details.endpoint))
    throw refused('it is not what the releases are known to have used before the restore')
  const others = (await context.bystanders?.()) ?? []
  if (others.length > 0)
    throw refused(`${others.map((one) => one.name).join(', ')} runs in this namespace and may use it`)
  const account = await lookAtAccount(lasting, details.id)
  // An earlier worker of this removal has deleted it, or somebody has.
  if (account === undefined) return
  if (account.properties.instanceId !== details.instanceId)
    throw refused('it is another account of that name than the one that was backed up')
  const known = new Set(details.databases.flatMap((one) => one.containers.map((own) => `${one.name}/${own.name}`)))
  const unknown = (await listContainers(lasting, details.id))
    .map(({ database, container }) => `${database}/${container}`)
    .filter((title) => !known.has(title))
  if (unknown.length > 0) throw refused(`it has what the backup knows nothing of: ${unknown.join(', ')}`)
}

/** Deletes the account that was backed up, and no other of its name. Idempotent. */
export async function ensureFormerDeleted({ lasting, details: { id, instanceId } }: RestoreWork): Promise<void> {
  await until<true>(async () => {
    const account = await lookAtAccount(lasting, id)
    if (account?.properties.instanceId !== instanceId) return { done: true }
    if (!/^(updating|deleting)$/i.test(account.properties.provisioningState ?? 'Succeeded'))
      await changed(lasting, 'delete', id)
    return { waitMs: undefined }
  }, undefined)
}
