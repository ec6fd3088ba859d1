// Room: what the stand-ins of a cloud's services share, whichever cloud it is.
// Read serve, control, faults, timers, then settings, program.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { Calls } from './calls.ts'
import { controlPath, type ControlPaths } from './control.ts'
import type { FaultRule } from './faults.ts'
import type { Pace, Timers } from './timers.ts'

/** Everything that such a stand-in can be told while it runs. */
type Settings = Pace & { faults: readonly FaultRule[] }

/** A running stand-in, at whatever addresses it is. */
export interface StandIn<S, Changes, Call> {
  port: number
  readonly settings: S
  /** changes settings from now on; groups (phases, limits) are merged, faults begin to count anew */
  set(changes: Changes): void
  /** ms by the service's clock */
  now(): number
  /** the calls answered so far, oldest first */
  calls(): readonly Call[]
  forgetCalls(): void
  /** ends it; what was in it is gone. @throws Error where something went wrong inside the stand-in itself */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ServeOptions<S extends Settings, Changes, Call> {
  /** of the cloud, for what it says when it fails */
  name: string
  /** 0 gives a free one */
  port: number
  host: string
  /** PEM; plain HTTP without it */
  tls?: { certificate: string; key: string }
  timers: Timers<S>
  /** the service's clock, ms since 1970 */
  now: () => number
  /** @throws ZodError where a change is not one */
  changed: (settings: S, changes: Changes) => S
  /** further paths of the control interface */
  control?: ControlPaths
  /** answers a call and adds it to the calls; what it throws went wrong inside the stand-in */
  answer: (calls: Calls<Call>) => (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<void>
  /** what has to end after the server */
  release?: () => Promise<void>
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

/** Serves a stand-in and its control interface. */
export async function serve<S extends Settings, Changes extends { faults?: unknown }, Call>(
  options: ServeOptions<S, Changes, Call>,
): Promise<StandIn<S, Changes, Call>> {
  const { timers, now, changed, tls, release = () => Promise.resolve() } = options
  const calls = new Calls<Call>()
  const set = (changes: Changes) => {
    const next = changed(timers.settings, changes)
    // What is not set anew goes on counting.
    timers.settings = changes.faults === undefined ? { ...next, faults: timers.settings.faults } : next
  }
  const state = () => ({ nowMs: now(), settings: timers.settings, problems: timers.problems.map(String) })
  const control = controlPath({ state, set, calls, further: options.control ?? {} })
  const answer = options.answer(calls)
  const answerAny = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request)
    if (!control(request, response, body)) await answer(request, response, body)
  }
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answerAny(request, response).catch((error: unknown) => {
      timers.problems.push(error)
      request.socket.destroy()
    })
  }
  const server =
    tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.certificate, key: tls.key }, listener)
  server.keepAliveTimeout = 60_000
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the stand-in has no port')

  let stopping: Promise<void> | undefined
  const end = async () => {
    await timers.stop()
    await close(server)
    await release()
    const { problems } = timers
    if (problems.length > 0)
      throw new AggregateError(problems, `the stand-in of ${options.name} failed: ${problems.map(String).join('; ')}`)
  }
  const stop = () => (stopping ??= end())
  return {
    port: address.port,
    get settings() {
      return timers.settings
    },
    set,
    now,
    calls: () => calls.all,
    forgetCalls: () => calls.forget(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
