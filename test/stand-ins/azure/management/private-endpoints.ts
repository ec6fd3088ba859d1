import type { Account, PrivateEndpointConnection } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { partNotFound } from '../service/errors.ts'
import { accountOf, begin, propertiesOf, type ArmHandler, type ArmRequest } from './request.ts'

const view = (account: Account, connection: PrivateEndpointConnection) => ({
  id: `${account.id}/privateEndpointConnections/${connection.name}`,
  name: connection.name,
  type: 'Microsoft.DocumentDB/databaseAccounts/privateEndpointConnections',
  properties: {
    privateEndpoint: { id: connection.privateEndpoint },
    groupId: connection.groupId,
    provisioningState: 'Succeeded',
    privateLinkServiceConnectionState: {
      status: connection.status,
      description: connection.description,
      actionsRequired: 'None',
    },
  },
})

/**
 * Only an endpoint in a network makes a connection; here one is approved, refused or looked at.
 * @throws AzureError 404
 */
function connectionOf(request: ArmRequest): PrivateEndpointConnection {
  const connection = accountOf(request).privateEndpointConnections.get(request.names[1] ?? '')
  if (connection === undefined) throw partNotFound(request.path)
  return connection
}

const type = 'databaseaccounts/*/privateendpointconnections'

/** Connections of private endpoints, by method and type. */
export const privateEndpointHandlers: Record<string, ArmHandler> = {
  [`GET ${type}`]: (request) => {
    const account = accountOf(request)
    const value = [...account.privateEndpointConnections.values()].map((connection) => view(account, connection))
    return { status: 200, body: { value } }
  },
  [`GET ${type}/*`]: (request) => ({ status: 200, body: view(accountOf(request), connectionOf(request)) }),
  [`PUT ${type}/*`]: (request) => {
    const account = accountOf(request)
    const connection = connectionOf(request)
    const asked = (propertiesOf(request)['privateLinkServiceConnectionState'] ??
      {}) as Partial<PrivateEndpointConnection>
    return begin(request, {
      phase: 'writeResource',
      region: regionKey(account.writeRegion.name),
      finish: () => {
        connection.status = asked.status ?? connection.status
        connection.description = asked.description ?? connection.description
        return view(account, connection)
      },
    })
  },
  [`DELETE ${type}/*`]: (request) => {
    const account = accountOf(request)
    const { name } = connectionOf(request)
    return begin(request, {
      phase: 'writeResource',
      region: regionKey(account.writeRegion.name),
      finish: () => {
        account.privateEndpointConnections.delete(name)
        return undefined
      },
    })
  },
}
