import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Calls } from '../cloud/calls.ts'
import { actUnderFault, FaultCounts } from '../cloud/faults.ts'
import { admit, webhookPath } from '../cloud/identity/pod-webhook.ts'
import type { Call } from './call.ts'
import { answerData, dataCallOf } from './documents/data-plane.ts'
import { clientOf, discovery, EntraError, exchange, tokenTenant } from './identity/entra.ts'
import { podIdentity } from './identity/webhook.ts'
import { actionOf, answerArm } from './management/arm.ts'
import { restoreAction } from './management/restores.ts'
import { AzureError, internalError } from './service/errors.ts'
import { errorOf, isOf } from './service/faults.ts'
import type { Service } from './service/service.ts'
import type { Fault } from './settings.ts'

interface Answer {
  status: number
  body?: object | string
  headers?: Record<string, string>
}

/** What a call is, before it is answered. */
interface Plan {
  plane: Call['plane']
  action: string
  further?: readonly string[]
  account: string
  path: string
  body: unknown
  /** @throws AzureError or EntraError */
  act: (fault: Fault | undefined, call: Call) => Promise<Answer>
}

/** @throws AzureError 400 */
function parsed(text: string): Record<string, unknown> {
  if (text === '') return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    throw new AzureError(
      400,
      'InvalidRequestContent',
      'The request content was invalid and could not be deserialized.',
      {
        from: 'gateway',
      },
    )
  }
}

const furtherActions = ({ properties }: Record<string, unknown>): readonly string[] =>
  (properties as { createMode?: string } | undefined)?.createMode === 'Restore' ? [restoreAction] : []

/** Where clients reach the stand-in, without a slash at the end. */
const baseOf = (request: IncomingMessage) => `https://${request.headers.host ?? 'localhost'}`

/** Answers whatever is asked of Azure, of all planes. */
export function azureAnswers(service: Service, calls: Calls<Call>) {
  const counts = new FaultCounts<Fault>()
  /** Where the data plane of an account, or of one of its regions, is found. */
  const endpointOf = (base: string) => (host: string) =>
    (service.settings.documentEndpoint ?? `${base}/accounts/{account}/`).replaceAll('{account}', host)

  const planOf = (request: IncomingMessage, url: URL, text: string): Plan => {
    const method = request.method ?? 'GET'
    const base = baseOf(request)
    const data = dataCallOf(request, url, text)
    if (data !== undefined)
      return {
        plane: 'data',
        action: data.action,
        account: data.account,
        path: data.path,
        body: undefined,
        act: () => Promise.resolve(answerData(service, data, endpointOf(base))),
      }
    if (url.pathname === webhookPath)
      return {
        plane: 'identity',
        action: 'admission',
        account: '',
        path: url.pathname,
        body: undefined,
        act: () =>
          Promise.resolve({
            status: 200,
            body: admit(parsed(text), (account) => podIdentity(service.settings, account, base)),
          }),
      }
    const tenant = tokenTenant(url.pathname)
    const found = discovery(url.pathname, base)
    if (tenant !== undefined || found !== undefined)
      return {
        plane: 'identity',
        action: tenant === undefined ? 'discovery' : 'token',
        account: '',
        path: url.pathname,
        body: undefined,
        act: (_fault, call) => {
          if (tenant === undefined) return Promise.resolve({ status: 200, body: found ?? {} })
          const form = new URLSearchParams(text)
          call.client = form.get('client_id') ?? ''
          return Promise.resolve({ status: 200, body: exchange(service.settings, tenant, form) })
        },
      }
    const [, account = ''] = /\/(?:databaseAccounts|flexibleServers)\/([^/]+)/i.exec(url.pathname) ?? []
    const action = actionOf(method, url.pathname)
    const body = parsed(text)
    return {
      plane: 'management',
      action,
      further: furtherActions(body),
      account,
      path: url.pathname,
      body,
      act: async (fault, call) => {
        call.client = clientOf(request.headers.authorization)
        return await answerArm({
          service,
          method,
          path: decodeURI(url.pathname),
          query: url.searchParams,
          body,
          base,
          endpointOf: endpointOf(base),
          client: call.client,
          action,
          fault,
        })
      },
    }
  }

  const dateOf = (plane: Call['plane']) => {
    const { dataDateOffsetMs, managementDateOffsetMs } = service.settings
    return new Date(plane === 'data' ? service.now() + dataDateOffsetMs : Date.now() + managementDateOffsetMs)
  }

  return async (request: IncomingMessage, response: ServerResponse, received: Buffer): Promise<void> => {
    const text = received.toString()
    const began = performance.now()
    const url = new URL(request.url ?? '/', 'https://stand-in')
    const call: Call = {
      atMs: Date.now(),
      tookMs: 0,
      plane: 'management',
      method: request.method ?? 'GET',
      path: url.pathname,
      action: '',
      further: [],
      account: '',
      client: '',
      body: undefined,
      status: undefined,
      error: undefined,
      fault: undefined,
    }
    let result: Answer | undefined
    try {
      const { act, ...about } = planOf(request, url, text)
      Object.assign(call, about)
      const fault = counts.strike(service.settings.faults, isOf(call))
      call.fault = fault?.effect
      const error = fault === undefined ? undefined : errorOf(fault, call.plane)
      result = await actUnderFault({ fault, error, internalError, act: () => act(fault, call) })
    } catch (error) {
      if (error instanceof EntraError) {
        call.error = error.error
        result = { status: error.status, body: error.body }
      } else {
        const known = error instanceof AzureError ? error : internalError()
        if (!(error instanceof AzureError)) service.timers.problems.push(error)
        call.error = known.code
        if (call.fault !== 'lost-answer') result = { status: known.status, body: known.body, headers: known.headers }
      }
    }
    call.tookMs = performance.now() - began
    call.status = result?.status
    calls.add(call)
    if (result === undefined) {
      request.socket.destroy()
      return
    }
    const requestId = randomUUID()
    const body =
      result.body === undefined ? '' : typeof result.body === 'string' ? result.body : JSON.stringify(result.body)
    response.writeHead(result.status, {
      ...(body !== '' && { 'content-type': 'application/json' }),
      ...(call.plane === 'data' ? { 'x-ms-activity-id': requestId } : { 'x-ms-request-id': requestId }),
      'cache-control': 'no-store, no-cache',
      date: dateOf(call.plane).toUTCString(),
      ...result.headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}
