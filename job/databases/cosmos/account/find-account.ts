import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import { isDenied } from '../../../azure/azure-failure.ts'
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
  const closed: string[] = []
  for (const one of subscriptions) {
    const group = resourceGroup === undefined ? '' : `/resourceGroups/${encodeURIComponent(resourceGroup)}`
    const path = `/subscriptions/${one}${group}/providers/Microsoft.DocumentDB/databaseAccounts`
    const listed = await arm.list(path).catch((error: unknown) => {
      // Of those that nobody named, some are of no concern here.
      if (subscription !== undefined || !isDenied(error)) throw error
      closed.push(one)
      return []
    })
    const accounts = listed.map(asAccount)
    const found = accounts.find(({ properties: { documentEndpoint } }) =>
      documentEndpoint === undefined ? false : comparable(documentEndpoint) === endpoint,
    )
    if (found !== undefined) return found
  }
  const open = subscriptions.filter((one) => !closed.includes(one))
  const looked = [
    ...(subscriptions.length === 0 ? ['the identity sees no subscription'] : []),
    ...(open.length === 0 ? [] : [`none in ${open.join(', ')} has it`]),
    ...(closed.length === 0 ? [] : [`the identity may not look in ${closed.join(', ')}`]),
    ...(resourceGroup === undefined ? [] : [`looked for in resource group ${resourceGroup} alone`]),
  ]
  throw new Failure({
    what: `the account with the endpoint ${endpoint} was not found`,
    why: looked.join('; '),
    next:
      "assign the worker's identity the roles of docs/databases/cosmos.md, " +
      'and name the place with --azure-subscription and --azure-resource-group',
  })
}

async function subscriptionsOf(arm: ResourceManager): Promise<string[]> {
  const listed = await arm.list('/subscriptions')
  return listed.flatMap((one) => subscriptionSchema.safeParse(one).data?.subscriptionId ?? [])
}
