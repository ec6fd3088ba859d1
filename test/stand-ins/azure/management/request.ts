import type { Account } from '../accounts/account.ts'
import type { EndpointOf } from './account-view.ts'
import { AzureError, resourceNotFound } from '../service/errors.ts'
import { LongOperation, signedQuery } from '../service/long-operation.ts'
import type { Service } from '../service/service.ts'
import type { PhaseOf } from '../../cloud/timers.ts'
import type { AzureSettings, Fault, PhaseName } from '../settings.ts'

/** A call to ARM, taken apart. */
export interface ArmRequest {
  service: Service
  method: string
  /** without the query */
  path: string
  subscription: string
  resourceGroup: string
  /** Microsoft.DocumentDB */
  provider: string
  /** of the resources below the provider, outermost first */
  names: readonly string[]
  query: URLSearchParams
  body: Record<string, unknown>
  /** client id of the caller */
  client: string
  endpointOf: EndpointOf
  /** where the stand-in is reached, for the addresses it gives */
  base: string
  apiVersion: string
  /** one that is to strike the long operation that begins */
  fault: Fault | undefined
}

export interface ArmAnswer {
  status: number
  body?: object
  headers?: Record<string, string>
}

export type ArmHandler = (request: ArmRequest) => ArmAnswer | Promise<ArmAnswer>

/** @throws AzureError 404 */
export function accountOf({ service, subscription, resourceGroup, names }: ArmRequest): Account {
  const [name = ''] = names
  const account = service.account(subscription, resourceGroup, name)
  if (account === undefined) throw resourceNotFound('Microsoft.DocumentDB/databaseAccounts', name, resourceGroup)
  return account
}

interface Begun {
  phase: PhaseName
  /** region whose name is in the address of the state */
  region: string
  kind?: LongOperation['kind']
  /** what is answered at once; 202 with the state unless it says otherwise */
  answer?: ArmAnswer
  /** goes on meanwhile; the operation is over when both are */
  work?: () => Promise<void>
  /** happens when the phase is over; what it returns is what Location then answers */
  finish: () => object | undefined
  /** happens instead where the operation is to fail */
  failed?: () => void
}

const headersFor = (request: ArmRequest, operation: LongOperation, region: string): Record<string, string> => {
  const { base, subscription, path, apiVersion } = request
  const isCosmos = request.provider.toLowerCase() === 'microsoft.documentdb'
  const there = `/subscriptions/${subscription}/providers/${request.provider}/locations/${region}`
  const status = `${there}/${isCosmos ? 'operationsStatus' : 'azureAsyncOperation'}/${operation.id}`
  const location = `${isCosmos ? path : there}/operationResults/${operation.id}`
  return {
    ...(operation.kind === 'status and location' && {
      'azure-asyncoperation': `${base}${status}?${signedQuery(status, apiVersion)}`,
    }),
    location: `${base}${location}?${signedQuery(location, apiVersion)}`,
  }
}

/** Begins something that goes on by itself, and says where its end is to be asked for. */
export function begin(request: ArmRequest, begun: Begun): ArmAnswer {
  const { service, fault } = request
  const states = /^microsoft\.dbfor/i.test(request.provider) ? (['InProgress', 'InProgress'] as const) : undefined
  const operation = new LongOperation(begun.kind ?? 'status and location', states)
  service.operations.set(operation.id, operation)
  const over = () => {
    if (fault?.effect === 'fail-operation') {
      begun.failed?.()
      const { code = 'InternalServerError', message = 'The operation failed as it was asked to.' } = fault.error ?? {}
      operation.fail({ code, message })
      return
    }
    const result = begun.finish()
    operation.succeed(() => result)
  }
  const phase: PhaseOf<AzureSettings> = [begun.phase, request.path.toLowerCase()]
  if (begun.work === undefined) service.timers.after(phase, over)
  else service.timers.background(phase, begun.work, over)
  const answer = begun.answer ?? { status: 202, body: { status: 'Enqueued' } }
  return { ...answer, headers: { ...answer.headers, ...headersFor(request, operation, begun.region) } }
}

/** @throws AzureError 404 */
export function operationOf({ service, names }: ArmRequest): LongOperation {
  const operation = service.operations.get(names.at(-1) ?? '')
  if (operation === undefined) throw new AzureError(404, 'NotFound', 'The operation was not found.')
  return operation
}

/** What a writing call sends below `properties`. */
export const propertiesOf = ({ body }: ArmRequest): Record<string, unknown> =>
  (body['properties'] ?? {}) as Record<string, unknown>
