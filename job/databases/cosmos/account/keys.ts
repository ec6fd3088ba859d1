import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import { partsOf } from './account.ts'

const keysSchema = z.object({ primaryMasterKey: z.string().min(1) })

/**
 * The key that a release logs in to an account with. It is told to nobody but the release's Secret.
 * @param id of the account
 * @throws AzureRefusal where the identity may not read keys; Failure where the account has none
 */
export async function primaryKey(arm: ResourceManager, id: string): Promise<string> {
  const { body } = await arm.call('post', `${id}/listKeys`)
  const keys = keysSchema.safeParse(body)
  if (keys.success) return keys.data.primaryMasterKey
  throw new Failure({
    what: `account ${partsOf(id).name} gives no key`,
    why: 'what Azure tells of its keys has no primary one',
    next: 'look at the account: az cosmosdb keys list',
  })
}

/** What prints that key on the administrator's machine. */
export function keyCommand(id: string): string {
  const { name, resourceGroup, subscription } = partsOf(id)
  return (
    `az cosmosdb keys list --name ${name} --resource-group ${resourceGroup} --subscription ${subscription} ` +
    '--query primaryMasterKey --output tsv'
  )
}
