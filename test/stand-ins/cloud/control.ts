import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Calls } from './calls.ts'

/** What else the control interface answers: by method and path, from the JSON of a body. */
export type ControlPaths = Record<string, (input: never) => unknown>

interface ControlOptions<Changes> {
  state: () => object
  set: (changes: Changes) => void
  calls: Calls<unknown>
  further: ControlPaths
}

/**
 * The control interface: `GET /healthz`, `GET /_control` (settings, time, problems), `POST /_control` (changes of
 * settings as JSON), `GET /_control/calls`, `DELETE /_control/calls`, and what else a stand-in has.
 */
export function controlPath<Changes>({ state, set, calls, further }: ControlOptions<Changes>) {
  const paths: ControlPaths = {
    'GET /healthz': () => ({ ok: true }),
    'GET /_control': state,
    'POST /_control': (changes: Changes) => {
      set(changes)
      return state()
    },
    'GET /_control/calls': () => calls.all,
    'DELETE /_control/calls': () => {
      calls.forget()
      return {}
    },
    ...further,
  }
  /** True where it was asked. */
  return (request: IncomingMessage, response: ServerResponse, body: Buffer): boolean => {
    const { method, url = '/' } = request
    if (url !== '/healthz' && !/^\/_control(\/|$)/.test(url)) return false
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(value)}\n`)
    }
    const act = paths[`${method} ${url}`]
    try {
      if (act === undefined) answer(405, {})
      else answer(200, act(JSON.parse(body.toString() || '{}') as never))
    } catch (error) {
      answer(400, { error: String(error) })
    }
    return true
  }
}
