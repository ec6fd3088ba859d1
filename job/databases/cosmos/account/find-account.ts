import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import { comparable, type Access } from '../access.ts'
import { asAccount, type Account } from './account.ts'

const subscriptionSchema = z.object({ subscriptionId: z.string() })

/**
 * The account whose endpoint the release names: in the subscription that is given, else in all that the identity sees.
 * @throws Failure where there is none
 */
export async function findAccount(
  arm: ResourceManager,
  { endpoint, subscription, resourceGroup }: Access,
): Promise<Account> {
  const subscriptions = subscription === undefined ? await subscriptionsOf(arm) : [subscription]
  for (const one of subscriptions) {
    const group = resourceGroup === undefined ? '' : `/resourceGroups/${encodeURIComponent(resourceGroup)}`
    const path = `/subscriptions/${one}${group}/providers/Microsoft.DocumentDB/databaseAccounts`
    const accounts = (await arm.list(path)).map(asAccount)
    const found = accounts.find(({ properties: { documentEndpoint } }) =>
      documentEndpoint === undefined ? false : comparable(documentEndpoint) === endpoint,
    )
    if (found !== undefined) return found
  }
  const looked =
    subscriptions.length === 0
      ? 'the identity sees no subscription'
      : `none in ${subscriptions.join(', ')} has it` +
        (resourceGroup === undefined ? '' : `; looked for in resource group ${resourceGroup} alone`)
  throw new Failure({
    what: `the account with the endpoint ${endpoint} was not found`,
    why: looked,
    next:
      "assign the worker's identity the roles of docs/databases/cosmos.md, " +
      'and name the place with --azure-subscription and --azure-resource-group',
  })
}

async function subscriptionsOf(arm: ResourceManager): Promise<string[]> {
  const listed = await arm.list('/subscriptions')
  return listed.flatMap((one) => subscriptionSchema.safeParse(one).data?.subscriptionId ?? [])
}
