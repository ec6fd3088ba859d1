import { Container, containerSettings, newEtag, type Throughput } from '../accounts/container.ts'
import { Database } from '../accounts/database.ts'
import { containerResource, databaseResource } from '../accounts/resource-view.ts'
import { AzureError, badRequest } from '../service/errors.ts'
import { askedThroughput } from '../management/sql-resources.ts'
import type { DataAnswer } from './data-plane.ts'
import { absent, bodyOf, containerOf, databaseOf, feed, header, isQuery, type DataRequest } from './request.ts'

const conflict = () =>
  new AzureError(409, 'Conflict', 'Message: {"Errors":["Resource with specified id or name already exists."]}')

/** @throws AzureError 403 where keys may not change what is not a document */
export function checkMetadataWrite({ account }: DataRequest): void {
  if (account.settings['disableKeyBasedMetadataWriteAccess'] !== true) return
  throw new AzureError(
    403,
    'Forbidden',
    'Operations on non-data resources are not allowed through Azure Cosmos DB endpoint. Please switch on such ' +
      'operations for your account, or perform this operation through Azure Resource Manager, Azure Portal, ' +
      'Azure CLI or Azure Powershell',
  )
}

const throughputAsked = (request: DataRequest): Throughput | undefined => {
  const [manual, autoscale] = ['x-ms-offer-throughput', 'x-ms-cosmos-offer-autopilot-settings'].map((name) =>
    header(request, name),
  )
  return askedThroughput({
    ...(manual !== undefined && { throughput: Number(manual) }),
    ...(autoscale !== undefined && { autoscaleSettings: JSON.parse(autoscale) as { maxThroughput?: number } }),
  })
}

/** `dbs` and a database. */
export function answerDatabases(request: DataRequest): DataAnswer {
  const { service, account, call, segments } = request
  if (segments.length === 1 && (call.method === 'GET' || isQuery(request)))
    return feed(request, 'Databases', account.databases.map(databaseResource), '')
  if (call.method === 'GET') return { status: 200, body: databaseResource(databaseOf(request)) }
  checkMetadataWrite(request)
  if (call.method === 'DELETE') {
    databaseOf(request).delete(service.now())
    return { status: 204 }
  }
  if (segments.length !== 1 || call.method !== 'POST') throw badRequest('A database is made and deleted, not changed.')
  const name = String(bodyOf(request)['id'])
  if (account.database(name) !== undefined) throw conflict()
  const database = new Database(name, service.now(), throughputAsked(request))
  account.add(database)
  return { status: 201, body: databaseResource(database) }
}

const indexProgress = (container: Container) => (container.indexing === 'done' ? '100' : '42')

function replaceContainer(request: DataRequest, container: Container): void {
  const { service, account } = request
  const settings = containerSettings(bodyOf(request))
  if (JSON.stringify(container.current.partitionKey.paths) !== JSON.stringify(settings.partitionKey.paths))
    throw badRequest('The partition key of a container cannot be changed.')
  const rebuilds = JSON.stringify(container.current.indexingPolicy) !== JSON.stringify(settings.indexingPolicy)
  container.replaceSettings(service.now(), settings)
  if (rebuilds) service.buildIndexes(account, container)
}

/** `colls` and a container. */
export function answerContainers(request: DataRequest): DataAnswer {
  const { service, call, segments } = request
  const database = databaseOf(request)
  if (segments.length === 3) {
    if (call.method === 'GET' || isQuery(request)) {
      const rows = database.containers.map((container) => containerResource(database, container))
      return feed(request, 'DocumentCollections', rows, database.rid)
    }
    checkMetadataWrite(request)
    const asked = bodyOf(request)
    const name = String(asked['id'])
    if (database.container(name) !== undefined) throw conflict()
    const own = throughputAsked(request)
    const throughput = own ?? (database.throughput.now === undefined ? { manual: 400 } : undefined)
    const container = new Container(name, service.now(), containerSettings(asked), throughput)
    database.add(container)
    return { status: 201, body: containerResource(database, container) }
  }
  const container = containerOf(request)
  const isAsked = call.headers['x-ms-documentdb-populatequotainfo']?.toString().toLowerCase() === 'true'
  const headers = isAsked
    ? { 'x-ms-documentdb-collection-index-transformation-progress': indexProgress(container) }
    : undefined
  if (call.method === 'GET')
    return { status: 200, body: containerResource(database, container), ...(headers && { headers }) }
  checkMetadataWrite(request)
  if (call.method === 'DELETE') {
    container.deletedMs = service.now()
    return { status: 204 }
  }
  replaceContainer(request, container)
  return { status: 200, body: containerResource(database, container), ...(headers && { headers }) }
}

/** `pkranges`: one that holds everything. */
export function answerRanges(request: DataRequest): DataAnswer {
  const { rid } = containerOf(request)
  const range = {
    _rid: rid,
    id: '0',
    _etag: newEtag(),
    minInclusive: '',
    maxExclusive: 'FF',
    ridPrefix: 0,
    _self: `colls/${rid}/pkranges/0/`,
    throughputFraction: 1,
    status: 'online',
    parents: [],
    _ts: 0,
  }
  return { status: 200, body: { _rid: rid, PartitionKeyRanges: [range], _count: 1 } }
}

interface Offered {
  owner: Database | Container
  link: string
}

const offerId = (rid: string) => rid.replaceAll(/[^\w]/g, '').slice(0, 8)

function offerView({ owner, link }: Offered): Record<string, unknown> {
  const throughput = owner.throughput.now
  const autoscale = throughput !== undefined && 'autoscaleMax' in throughput ? throughput.autoscaleMax : undefined
  return {
    resource: link,
    offerType: 'Invalid',
    offerResourceId: owner.rid,
    offerVersion: 'V2',
    content: {
      offerThroughput: throughput !== undefined && 'manual' in throughput ? throughput.manual : (autoscale ?? 0) / 10,
      offerIsRUPerMinuteThroughputEnabled: false,
      ...(autoscale !== undefined && { offerAutopilotSettings: { maxThroughput: autoscale } }),
    },
    id: offerId(owner.rid),
    _rid: offerId(owner.rid),
    _self: `offers/${offerId(owner.rid)}/`,
    _etag: '"offer"',
    _ts: 0,
  }
}

/** `offers`: throughput of databases and containers. */
export function answerOffers(request: DataRequest): DataAnswer {
  const { service, account, call, segments } = request
  const offers = account.databases
    .flatMap((database): Offered[] => [
      { owner: database, link: `dbs/${database.rid}/` },
      ...database.containers.map((owner) => ({ owner, link: `dbs/${database.rid}/colls/${owner.rid}/` })),
    ])
    .filter(({ owner }) => owner.throughput.now !== undefined)
  if (segments.length === 1) return feed(request, 'Offers', offers.map(offerView), '')
  const offer = offers.find(({ owner }) => offerId(owner.rid).toLowerCase() === segments[1]?.toLowerCase())
  if (offer === undefined) throw absent()
  if (call.method === 'GET') return { status: 200, body: offerView(offer) }
  checkMetadataWrite(request)
  const { content } = bodyOf(request) as {
    content: { offerThroughput?: number; offerAutopilotSettings?: { maxThroughput?: number } }
  }
  const { offerThroughput, offerAutopilotSettings } = content
  const asked = askedThroughput(
    offerAutopilotSettings === undefined
      ? { ...(offerThroughput !== undefined && { throughput: offerThroughput }) }
      : { autoscaleSettings: offerAutopilotSettings },
  )
  offer.owner.throughput.set(service.now(), asked)
  return { status: 200, body: offerView(offer) }
}
