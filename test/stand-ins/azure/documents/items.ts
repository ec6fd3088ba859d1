import type { Container, Document } from '../accounts/container.ts'
import { AzureError, badRequest } from '../service/errors.ts'
import type { DataAnswer } from './data-plane.ts'
import { stamped } from './procedure.ts'
import { absent, bodyOf, containerOf, feed, header, isQuery, isTrue, type DataRequest } from './request.ts'

/** The partition that a call names, as JSON; undefined: none. */
export const partitionAsked = (request: DataRequest): string | undefined => {
  const value = header(request, 'x-ms-documentdb-partitionkey')
  return value === undefined ? undefined : JSON.stringify(JSON.parse(value))
}

/** @throws AzureError 400 */
function partitionNeeded(request: DataRequest): string {
  const partition = partitionAsked(request)
  if (partition === undefined) throw badRequest('PartitionKey value must be supplied for this operation.')
  return partition
}

const matched = (request: DataRequest, present: Document | undefined): void => {
  const asked = header(request, 'if-match')
  if (asked === undefined || asked === '*' || asked === present?.['_etag']) return
  throw new AzureError(412, 'PreconditionFailed', 'One of the specified pre-condition is not met.')
}

/** @throws AzureError 400 where the document is of another partition than the call says */
function checked(request: DataRequest, container: Container): { asked: Record<string, unknown>; partition: string } {
  const asked = bodyOf(request)
  const partition = partitionNeeded(request)
  if (container.partitionOf(asked) !== partition)
    throw badRequest('PartitionKey extracted from document doesn’t match the one specified in the header.')
  return { asked, partition }
}

const written = (status: number, document: Document): DataAnswer => ({
  status,
  body: document,
  headers: { etag: document['_etag'] },
})

function create(request: DataRequest): DataAnswer {
  const container = containerOf(request)
  const { asked, partition } = checked(request, container)
  const atMs = request.service.now()
  const present = container.document(partition, String(asked['id']), atMs)
  const upserts = isTrue(header(request, 'x-ms-documentdb-is-upsert'))
  if (present !== undefined && !upserts)
    throw new AzureError(409, 'Conflict', 'Entity with the specified id already exists in the system.')
  matched(request, present)
  const document = stamped(container, asked, atMs, present?.['_rid'] as string | undefined)
  container.write(partition, document.id, atMs, document)
  return written(present === undefined ? 201 : 200, document)
}

/** `docs` and a document. */
export function answerItems(request: DataRequest): DataAnswer {
  const { service, call, segments } = request
  const container = containerOf(request)
  if (segments.length === 5) {
    const plan = isTrue(header(request, 'x-ms-cosmos-is-query-plan-request'))
    if (call.method === 'GET' || isQuery(request) || plan)
      return feed(request, 'Documents', container.documents(service.now(), partitionAsked(request)), container.rid)
    if (call.method !== 'POST' || isTrue(header(request, 'x-ms-cosmos-is-batch-request')))
      throw badRequest('The stand-in knows no batches.')
    return create(request)
  }
  const partition = partitionNeeded(request)
  const atMs = service.now()
  const id = segments[5] ?? ''
  const present = container.document(partition, id, atMs)
  if (present === undefined) throw absent()
  if (call.method === 'GET') return written(200, present)
  matched(request, present)
  if (call.method === 'DELETE') {
    container.write(partition, id, atMs, undefined)
    return { status: 204 }
  }
  if (call.method !== 'PUT') throw badRequest('The stand-in changes documents as a whole alone.')
  const { asked } = checked(request, container)
  const document = stamped(container, asked, atMs, String(present['_rid']))
  if (document.id !== id) container.write(partition, id, atMs, undefined)
  container.write(partition, document.id, atMs, document)
  return written(200, document)
}
