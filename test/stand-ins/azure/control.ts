import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PrivateEndpointConnection } from './accounts/account.ts'
import type { Calls } from './calls.ts'
import type { Service } from './service/service.ts'
import type { AzureChanges } from './settings.ts'

interface ControlOptions {
  service: Service
  calls: Calls
  set: (changes: AzureChanges) => void
}

/**
 * Makes the connection that comes with a private endpoint in somebody's network.
 * @throws Error without such an account
 */
export function connectPrivateEndpoint(
  service: Service,
  accountName: string,
  { privateEndpoint, status = 'Pending' }: { privateEndpoint: string; status?: string },
): PrivateEndpointConnection {
  const account = service.accountByName(accountName)
  if (account === undefined) throw new Error(`there is no account ${accountName}`)
  const name = privateEndpoint.split('/').at(-1) ?? ''
  const connection = { name, privateEndpoint, groupId: 'Sql', status, description: '' }
  account.privateEndpointConnections.set(name, connection)
  return connection
}

/**
 * The control interface: `GET /healthz`, `GET /_control` (settings, time, problems), `POST /_control` (changes of
 * settings as JSON), `GET /_control/calls`, `DELETE /_control/calls`, `POST /_control/private-endpoints` ({account,
 * privateEndpoint, status}).
 */
export function controlPath({ service, calls, set }: ControlOptions) {
  return (request: IncomingMessage, response: ServerResponse, body: string): boolean => {
    const url = request.url ?? '/'
    if (url !== '/healthz' && !/^\/_control(\/|$)/.test(url)) return false
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(value)}\n`)
    }
    const state = () => ({
      nowMs: service.now(),
      settings: service.settings,
      problems: service.timers.problems.map(String),
    })
    try {
      switch (`${request.method} ${url}`) {
        case 'GET /healthz':
          answer(200, { ok: true })
          break
        case 'GET /_control':
          answer(200, state())
          break
        case 'POST /_control':
          set(JSON.parse(body) as AzureChanges)
          answer(200, state())
          break
        case 'GET /_control/calls':
          answer(200, calls.all)
          break
        case 'DELETE /_control/calls':
          calls.forget()
          answer(200, {})
          break
        case 'POST /_control/private-endpoints': {
          const { account, ...asked } = JSON.parse(body) as {
            account: string
            privateEndpoint: string
            status?: string
          }
          answer(200, connectPrivateEndpoint(service, account, asked))
          break
        }
        default:
          answer(405, {})
      }
    } catch (error) {
      answer(400, { error: String(error) })
    }
    return true
  }
}
