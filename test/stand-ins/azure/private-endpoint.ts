import type { PrivateEndpointConnection } from './accounts/account.ts'
import type { Service } from './service/service.ts'

export interface AskedConnection {
  /** its id */
  privateEndpoint: string
  /** such as Approved; Pending without it */
  status?: string
}

/**
 * Makes the connection that comes with a private endpoint in somebody's network.
 * @throws Error without such an account
 */
export function connectPrivateEndpoint(
  service: Service,
  accountName: string,
  { privateEndpoint, status = 'Pending' }: AskedConnection,
): PrivateEndpointConnection {
  const account = service.accountByName(accountName)
  if (account === undefined) throw new Error(`there is no account ${accountName}`)
  const name = privateEndpoint.split('/').at(-1) ?? ''
  const connection = { name, privateEndpoint, groupId: 'Sql', status, description: '' }
  account.privateEndpointConnections.set(name, connection)
  return connection
}
