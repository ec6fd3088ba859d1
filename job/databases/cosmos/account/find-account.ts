import { Failure } from '../../../../operation/failure.ts'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import { seekResource } from '../../../azure/seek-resource.ts'
import { comparable, type Access } from '../access.ts'
import { asAccount, type Account } from './account.ts'

/**
 * The account whose endpoint the release names: in the subscription that is given, else in all that the identity sees.
 * @throws Failure where there is none
 */
export async function findAccount(arm: ResourceManager, { endpoint, ...place }: Access): Promise<Account> {
  const sought = await seekResource(arm, 'Microsoft.DocumentDB/databaseAccounts', place, (told) => {
    const account = asAccount(told)
    const { documentEndpoint } = account.properties
    return documentEndpoint !== undefined && comparable(documentEndpoint) === endpoint ? account : undefined
  })
  if ('found' in sought) return sought.found
  throw new Failure({
    what: `the account with the endpoint ${endpoint} was not found`,
    why: sought.why,
    next:
      "assign the worker's identity the roles of docs/databases/cosmos.md, " +
      'and name the place with --azure-subscription and --azure-resource-group',
  })
}
