import type { Account } from '../accounts/account.ts'
import type { Container } from '../accounts/container.ts'
import type { Database } from '../accounts/database.ts'
import { AzureError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import type { DataAnswer, DataCall } from './data-plane.ts'
import { evaluate, queryPlan, type QuerySpec } from './query/evaluate.ts'

/** A call to the data plane of an account that was found and may be spoken to. */
export interface DataRequest {
  service: Service
  account: Account
  call: DataCall
  /** `dbs`, a database, `colls`, a container and so on */
  segments: readonly string[]
}

/** @throws AzureError 400 */
export function bodyOf({ call }: DataRequest): Record<string, unknown> {
  try {
    return JSON.parse(call.text) as Record<string, unknown>
  } catch {
    throw new AzureError(400, 'BadRequest', 'The request payload is invalid.')
  }
}

export const header = ({ call }: DataRequest, name: string): string | undefined => {
  const value = call.headers[name]
  return value === undefined ? undefined : String(value)
}

export const isTrue = (value: string | undefined): boolean => value?.toLowerCase() === 'true'

export const absent = (): AzureError =>
  new AzureError(404, 'NotFound', 'Message: {"Errors":["Resource Not Found."]}', { headers: { 'x-ms-substatus': '0' } })

/** @throws AzureError 404 */
export function databaseOf({ account, segments }: DataRequest): Database {
  const database = account.database(segments[1] ?? '')
  if (database === undefined) throw absent()
  return database
}

/** @throws AzureError 404 */
export function containerOf(request: DataRequest): Container {
  const container = databaseOf(request).container(request.segments[3] ?? '')
  if (container === undefined) throw absent()
  return container
}

export const isQuery = (request: DataRequest): boolean =>
  isTrue(header(request, 'x-ms-documentdb-isquery')) || isTrue(header(request, 'x-ms-documentdb-query'))

const usualPage = 100
const largestPage = 1_000

/**
 * A page of a list, or of what a query selects of it.
 * @param name of the member of the answer that holds it
 */
export function feed(
  request: DataRequest,
  name: string,
  rows: readonly Record<string, unknown>[],
  rid: string,
): DataAnswer {
  const query = isQuery(request) || isTrue(header(request, 'x-ms-cosmos-is-query-plan-request'))
  const spec = query ? (bodyOf(request) as unknown as QuerySpec) : undefined
  if (spec !== undefined && isTrue(header(request, 'x-ms-cosmos-is-query-plan-request')))
    return { status: 200, body: queryPlan(spec) }
  const all = spec === undefined ? rows : evaluate(spec, rows)
  const asked = Number(header(request, 'x-ms-max-item-count') ?? usualPage)
  const size = asked > 0 ? Math.min(asked, largestPage) : usualPage
  const from = Number(header(request, 'x-ms-continuation') ?? 0)
  const page = all.slice(from, from + size)
  return {
    status: 200,
    body: { _rid: rid, [name]: page, _count: page.length },
    headers: {
      'x-ms-item-count': String(page.length),
      ...(from + size < all.length && { 'x-ms-continuation': String(from + size) }),
    },
  }
}
