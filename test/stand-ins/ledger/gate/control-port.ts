import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { faultsSchema, type Faults } from './faults.ts'
import type { Gate } from './gate.ts'

interface ControlOptions {
  port: number
  faults: Faults
  gate: Gate
  /** transfers made so far */
  done: () => number
  /** called with faults newly set */
  onFaults: () => void
}

/**
 * The port where a real server has its metrics. `GET /state` says how the stand-in is, `GET /history` when its gate was
 * closed (ms since the epoch), `POST /faults` replaces its faults (the body is JSON, `{}` heals), `GET /healthz` serves
 * probes where TLS keeps the kubelet from asking over gRPC.
 */
export async function startControlPort({ port, faults, gate, done, onFaults }: ControlOptions): Promise<Server> {
  const startedAt = Date.now()
  const server = createServer((request, response) => {
    // A kept connection may be closed here just as a busy client uses it again.
    response.setHeader('connection', 'close')
    const answer = async () => {
      const state = () => ({
        paused: !gate.isOpen,
        outstanding: gate.outstanding,
        held: gate.held,
        done: done(),
        faults: faults.settings,
      })
      switch (`${request.method} ${request.url}`) {
        case 'GET /healthz':
        case 'GET /state':
          return state()
        case 'GET /history':
          return { startedAt, done: done(), closed: gate.history.closed }
        case 'POST /faults':
          faults.set(faultsSchema.parse(JSON.parse(await text(request))))
          onFaults()
          return state()
        default:
          throw new Error(`no ${request.method} ${request.url} here`)
      }
    }
    answer().then(
      (body) => response.end(`${JSON.stringify(body)}\n`),
      (error: Error) => response.writeHead(400).end(`${error.message}\n`),
    )
  })
  server.listen(port)
  await once(server, 'listening')
  return server
}
