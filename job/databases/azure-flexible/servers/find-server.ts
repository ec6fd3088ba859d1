import { Failure } from '../../../../operation/failure.ts'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import { seekResource } from '../../../azure/seek-resource.ts'
import type { Access } from '../access.ts'
import type { FlexibleService } from '../service.ts'
import { asServer, type FlexibleServer } from './server.ts'

/** The server whose host the release names. @throws Failure where there is none */
export async function findServer(
  { type, rolesPage }: FlexibleService,
  arm: ResourceManager,
  { names, ...place }: Access,
): Promise<FlexibleServer> {
  const sought = await seekResource(arm, type, place, (told) => {
    const server = asServer(told)
    const host = server.properties.fullyQualifiedDomainName?.toLowerCase()
    return host !== undefined && names.includes(host) ? server : undefined
  })
  if ('found' in sought) return sought.found
  throw new Failure({
    what: `the flexible server with the host ${names.join(' or ')} was not found`,
    why: sought.why,
    next:
      `assign the worker's identity the roles of ${rolesPage}, ` +
      'and name the place with --azure-subscription and --azure-resource-group',
  })
}
