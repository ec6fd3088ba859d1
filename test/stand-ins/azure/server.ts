import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Calls } from './calls.ts'
import { answerData, dataCallOf } from './documents/data-plane.ts'
import { clientOf, discovery, EntraError, exchange, tokenTenant } from './identity/entra.ts'
import { actionOf, answerArm } from './management/arm.ts'
import { restoreAction } from './management/restores.ts'
import { AzureError, internalError } from './service/errors.ts'
import { errorOf, FaultCounts } from './service/faults.ts'
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

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
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

export interface ServerOptions {
  service: Service
  calls: Calls
  certificate: string
  key: string
  /** where clients reach it, without a slash at the end; what they asked for where it is not known */
  baseOf: (request: IncomingMessage) => string
  endpointOf: (base: string) => (host: string) => string
  /** answers what is not of Azure, such as /_control; true where it did */
  besides: (request: IncomingMessage, response: ServerResponse, body: string) => boolean
}

/** The HTTPS front of all planes; not listening yet. */
export function azureServer(options: ServerOptions): Server {
  const { service, calls, baseOf, endpointOf, besides, certificate, key } = options
  const counts = new FaultCounts()

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
    const [, account = ''] = /\/databaseAccounts\/([^/]+)/i.exec(url.pathname) ?? []
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

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request)
    if (besides(request, response, text)) return
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
      const fault = counts.strike(service.settings.faults, call)
      call.fault = fault?.effect
      if (fault !== undefined && fault.delayMs > 0) await sleep(fault.delayMs)
      const error = fault === undefined ? undefined : errorOf(fault, call.plane)
      if (error !== undefined) throw error
      if (fault?.effect !== 'reset') {
        const done = await act(fault, call)
        if (fault?.effect === 'lost-answer-500') throw internalError()
        if (fault?.effect !== 'lost-answer') result = done
      }
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

  const server = createServer({ cert: certificate, key }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      service.timers.problems.push(error)
      request.socket.destroy()
    })
  })
  server.keepAliveTimeout = 60_000
  return server
}
