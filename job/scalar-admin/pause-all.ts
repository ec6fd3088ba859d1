import { Failure } from '../../operation/failure.ts'
import { isOurs, type PauseOutcome } from './pause-outcome.ts'
import type { Server } from './servers.ts'
import { titleOf } from './targets.ts'

/**
 * Pauses all servers at once.
 * @param ours filled with the servers that are, or may be, paused by us; the caller unpauses exactly these, whatever happens
 * @throws Failure listing every server that was not paused; the signal's reason when it aborts first
 */
export async function pauseAll(servers: readonly Server[], drainMs: number, signal: AbortSignal, ours: Set<Server>): Promise<void> {
  signal.throwIfAborted()
  // Before the first is sent: whoever interrupts us must find all of them here.
  for (const server of servers) ours.add(server)
  const outcomes = Promise.all(
    servers.map(async (server) => {
      const outcome = await server.client.pause(drainMs)
      if (!isOurs(outcome)) ours.delete(server)
      return { server, outcome }
    }),
  )
  const failed = (await unlessAborted(outcomes, signal)).filter(({ outcome }) => outcome.kind !== 'paused')
  if (failed.length === 0) return
  throw new Failure({
    what: `${failed.length} of ${servers.length} servers could not be paused; all that were are unpaused again`,
    why: failed.map(({ server, outcome }) => `${titleOf(server.endpoint)}: ${outcome.why ?? outcome.kind}`).join('; '),
    next: cureOf(failed.map(({ outcome }) => outcome)),
  })
}

function cureOf(outcomes: readonly PauseOutcome[]): string {
  const kinds = new Set(outcomes.map(({ kind }) => kind))
  if (kinds.has('unimplemented')) return 'give the port of the admin service with --admin-port'
  if (kinds.has('pause-in-progress') || kinds.has('timed-out-still-paused')) return 'let the other pause end (`kubectl scalardl status` shows what is paused), then try again'
  if (kinds.has('timed-out')) return 'give the requests in flight more time with --max-pause-wait, or try again when there is less load'
  return 'see with `kubectl scalardl doctor` whether all servers answer, then try again'
}

/** The promise's value, or the signal's reason as soon as it aborts; what the promise comes to after that is of no interest. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
