// Room: the data plane of an account: documents, and what they are in.
// Read data-plane, authentication.

import type { IncomingMessage } from 'node:http'
import type { Account } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { AzureError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import { authenticate } from './authentication.ts'

/** A call to the data plane, taken apart. */
export interface DataCall {
  method: string
  /** as it is in the address: the account's name, and that of a region behind a hyphen where there is one */
  host: string
  /** the account alone, as far as the name tells */
  account: string
  /** below the account */
  path: string
  headers: IncomingMessage['headers']
  text: string
  /** as roles of the data plane name it */
  action: string
}

export interface DataAnswer {
  status: number
  body?: object | string
  headers?: Record<string, string>
}

/** A call by its address, `/accounts/NAME/…` or at a host `NAME.documents.…`; undefined where it is another plane's. */
export function dataCallOf(request: IncomingMessage, url: URL, text: string): DataCall | undefined {
  const [, byName] = /^([a-z0-9-]+)\.documents\./.exec(request.headers.host ?? '') ?? []
  const [, byPath, below = ''] = /^\/accounts\/([a-z0-9-]+)(\/.*)?$/.exec(url.pathname) ?? []
  const host = byName ?? byPath
  if (host === undefined) return undefined
  const method = request.method ?? 'GET'
  return {
    method,
    host,
    account: host,
    path: byName === undefined ? below || '/' : url.pathname,
    headers: request.headers,
    text,
    action: 'Microsoft.DocumentDB/databaseAccounts/readMetadata',
  }
}

/** The account behind a host, by its own name or with one of its regions. */
function accountBehind(service: Service, host: string): Account | undefined {
  return service.accounts.find(
    (account) =>
      account.deletedMs === undefined &&
      account.state !== 'Creating' &&
      account.state !== 'Failed' &&
      (account.name === host || account.regions.some(({ name }) => `${account.name}-${regionKey(name)}` === host)),
  )
}

function accountAnswer(account: Account, endpointOf: (host: string) => string): object {
  const locations = account.regions
    .toSorted((a, b) => a.failoverPriority - b.failoverPriority)
    .map(({ name }) => ({ name, databaseAccountEndpoint: endpointOf(`${account.name}-${regionKey(name)}`) }))
  return {
    _self: '',
    id: account.name,
    _rid: `${account.name}.documents.azure.com`,
    media: '//media/',
    addresses: '//addresses/',
    _dbs: '//dbs/',
    writableLocations: locations.slice(0, 1),
    readableLocations: locations,
    enableMultipleWriteLocations: account.settings['enableMultipleWriteLocations'],
    continuousBackupEnabled: account.isContinuous,
    userReplicationPolicy: { asyncReplication: false, minReplicaSetSize: 3, maxReplicasetSize: 4 },
    userConsistencyPolicy: { defaultConsistencyLevel: account.settings.consistencyPolicy.defaultConsistencyLevel },
    systemReplicationPolicy: { minReplicaSetSize: 3, maxReplicasetSize: 4 },
    readPolicy: { primaryReadCoefficient: 1, secondaryReadCoefficient: 1 },
    queryEngineConfiguration: '{"maxSqlQueryInputLength":262144,"maxJoinsPerSqlQuery":5,"enableSpatialIndexing":true}',
  }
}

/** @throws AzureError */
export function answerData(service: Service, call: DataCall, endpointOf: (host: string) => string): DataAnswer {
  const account = accountBehind(service, call.host)
  // The real one has no such host then.
  if (account === undefined) throw new AzureError(404, 'NotFound', `There is no account behind ${call.host}.`)
  authenticate(service, account, call)
  if (call.path === '/') return { status: 200, body: accountAnswer(account, endpointOf) }
  throw new AzureError(404, 'NotFound', `Nothing is at ${call.path}.`)
}
