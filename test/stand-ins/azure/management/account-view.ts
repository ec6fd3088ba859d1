import type { Account, Region } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { ticksDate } from './dates.ts'

/** Where the data plane of an account, or of one of its regions, is. */
export type EndpointOf = (host: string) => string

function locationView(account: Account, region: Region, endpointOf: EndpointOf): object {
  const id = `${account.name}-${regionKey(region.name)}`
  return {
    id,
    locationName: region.name,
    // One that is only coming has no endpoint yet.
    ...(region.state !== 'Creating' && { documentEndpoint: endpointOf(id) }),
    provisioningState: account.state === 'Succeeded' ? region.state : account.state,
    failoverPriority: region.failoverPriority,
    isZoneRedundant: region.isZoneRedundant,
  }
}

/** An account as ARM answers it. */
export function accountView(account: Account, endpointOf: EndpointOf): object {
  const regions = account.regions.toSorted((a, b) => a.failoverPriority - b.failoverPriority)
  const locations = regions.map((region) => locationView(account, region, endpointOf))
  const multiple = account.settings['enableMultipleWriteLocations'] === true
  const generated = { generationTime: ticksDate(account.createdMs) }
  const made = account.state !== 'Creating'
  return {
    id: account.id,
    name: account.name,
    location: account.writeRegion.name,
    type: 'Microsoft.DocumentDB/databaseAccounts',
    kind: 'GlobalDocumentDB',
    tags: account.tags,
    systemData: { createdAt: ticksDate(account.createdMs) },
    properties: {
      provisioningState: account.state,
      ...(made && { documentEndpoint: endpointOf(account.name), sqlEndpoint: endpointOf(account.name) }),
      ...account.settings,
      EnabledApiTypes: 'Sql',
      instanceId: account.instanceId,
      createMode: account.createMode,
      ...(account.restoreParameters !== undefined && { restoreParameters: account.restoreParameters }),
      databaseAccountOfferType: 'Standard',
      configurationOverrides: {},
      writeLocations: multiple ? locations : locations.slice(0, 1),
      readLocations: locations,
      locations,
      failoverPolicies: regions.map(({ name, failoverPriority }) => ({
        id: `${account.name}-${regionKey(name)}`,
        locationName: name,
        failoverPriority,
      })),
      ...(account.privateEndpointConnections.size > 0 && {
        privateEndpointConnections: [...account.privateEndpointConnections.values()].map((connection) => ({
          id: `${account.id}/privateEndpointConnections/${connection.name}`,
          properties: {
            privateEndpoint: { id: connection.privateEndpoint },
            groupId: connection.groupId,
            privateLinkServiceConnectionState: {
              status: connection.status,
              description: connection.description,
              actionsRequired: 'None',
            },
          },
        })),
      }),
      keysMetadata: {
        primaryMasterKey: generated,
        secondaryMasterKey: generated,
        primaryReadonlyMasterKey: generated,
        secondaryReadonlyMasterKey: generated,
      },
    },
    identity: account.identity,
  }
}
