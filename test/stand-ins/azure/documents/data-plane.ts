// Room: the data plane of an account: documents, and what they are in.
// Read data-plane, authentication, items, procedure, then query/.

import type { IncomingMessage } from 'node:http'
import type { Account } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { AzureError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import { authenticate } from './authentication.ts'
import { answerItems } from './items.ts'
import { absent, type DataRequest } from './request.ts'
import { answerContainers, answerDatabases, answerOffers, answerRanges } from './resources.ts'
import { answerScripts } from './scripts.ts'

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

const segmentsOf = (path: string): string[] =>
  path
    .split('/')
    .filter((each) => each !== '')
    .map(decodeURIComponent)

/** As roles of the data plane name a call; what keys alone may do has a name of the same form. */
function actionOf(method: string, segments: readonly string[], headers: IncomingMessage['headers']): string {
  const front = 'Microsoft.DocumentDB/databaseAccounts'
  const container = `${front}/sqlDatabases/containers`
  const is = (name: string) => String(headers[name]).toLowerCase() === 'true'
  const type = segments.length % 2 === 0 ? segments.at(-2) : segments.at(-1)
  if (is('x-ms-documentdb-isquery') || is('x-ms-cosmos-is-query-plan-request'))
    return type === 'docs' ? `${container}/executeQuery` : `${front}/readMetadata`
  if (type === 'sprocs' && segments.length === 6 && method === 'POST') return `${container}/executeStoredProcedure`
  if (type === 'docs') {
    if (method === 'POST') return `${container}/items/${is('x-ms-documentdb-is-upsert') ? 'upsert' : 'create'}`
    const verbs: Record<string, string> = { GET: 'read', PUT: 'replace', DELETE: 'delete' }
    return `${container}/items/${verbs[method] ?? 'patch'}`
  }
  if (method === 'GET') return `${front}/readMetadata`
  return `${front}/${type ?? ''}/${method === 'DELETE' ? 'delete' : 'write'}`
}

/**
 * A call by its address, `/accounts/NAME/…` or at a host `NAME.documents.…`; undefined where it is another plane's.
 */
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
    action: actionOf(method, segmentsOf(byName === undefined ? below : url.pathname), request.headers),
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
function route(request: DataRequest): DataAnswer {
  const { segments } = request
  const [first, , second, , third] = segments
  if (first === 'offers') return answerOffers(request)
  if (first !== 'dbs') throw absent()
  if (second === undefined) return answerDatabases(request)
  if (second !== 'colls') throw absent()
  switch (third) {
    case undefined:
      return answerContainers(request)
    case 'docs':
      return answerItems(request)
    case 'pkranges':
      return answerRanges(request)
    case 'sprocs':
    case 'triggers':
    case 'udfs':
      return answerScripts(request, third)
    default:
      throw absent()
  }
}

const levels = ['Eventual', 'ConsistentPrefix', 'Session', 'BoundedStaleness', 'Strong']

/** @throws AzureError 400 where a call asks for more consistency than the account has */
function checkConsistency(account: Account, asked: string | undefined): void {
  const { defaultConsistencyLevel: own } = account.settings.consistencyPolicy
  if (asked === undefined || levels.indexOf(asked) <= levels.indexOf(own)) return
  throw new AzureError(
    400,
    'BadRequest',
    `Consistency level ${asked} specified in the request is invalid for service configured with consistency level ` +
      `${own}. Ensure the request consistency level is not stronger than the service consistency level.`,
  )
}

/** @throws AzureError */
export function answerData(service: Service, call: DataCall, endpointOf: (host: string) => string): DataAnswer {
  const account = accountBehind(service, call.host)
  // The real one has no such host then.
  if (account === undefined) throw new AzureError(404, 'NotFound', `There is no account behind ${call.host}.`)
  authenticate(service, account, call)
  if (call.path === '/') return { status: 200, body: accountAnswer(account, endpointOf) }
  checkConsistency(account, call.headers['x-ms-consistency-level']?.toString())
  const answer = route({ service, account, call, segments: segmentsOf(call.path) })
  return { ...answer, headers: { 'x-ms-request-charge': '1', 'x-ms-session-token': '0:-1#1', ...answer.headers } }
}
