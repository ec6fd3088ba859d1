import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Calls } from './calls.ts'
import type { Service } from './service/service.ts'
import type { AwsChanges } from './settings.ts'

interface ControlOptions {
  service: Service
  calls: Calls
  set: (changes: AwsChanges) => void
}

/**
 * The control interface: `GET /healthz`, `GET /_control` (settings, time, problems), `POST /_control` (changes of
 * settings as JSON), `GET /_control/calls`, `DELETE /_control/calls`.
 */
export function controlPath({ service, calls, set }: ControlOptions) {
  return async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<boolean> => {
    const url = request.url ?? '/'
    if (url !== '/healthz' && url !== '/_control' && url !== '/_control/calls') return false
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(value)}\n`)
    }
    const state = () => ({
      nowMs: service.clock.now(),
      settings: service.settings,
      problems: service.problems.map(String),
    })
    switch (`${request.method} ${url}`) {
      case 'GET /healthz':
        answer(200, { ok: true })
        break
      case 'GET /_control':
        answer(200, state())
        break
      case 'POST /_control':
        try {
          set(JSON.parse(body.toString()) as AwsChanges)
          answer(200, state())
        } catch (error) {
          answer(400, { error: String(error) })
        }
        break
      case 'GET /_control/calls':
        answer(200, calls.all)
        break
      case 'DELETE /_control/calls':
        calls.forget()
        answer(200, {})
        break
      default:
        answer(405, {})
    }
    return true
  }
}
