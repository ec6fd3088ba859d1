import { Failure } from '../../operation/failure.ts'
import { isOurs, type PauseReply } from './pause-reply.ts'
import type { Server } from './servers.ts'
import { titleOf } from './targets.ts'

/** A Pause that was sent. */
export interface SentPause {
  server: Server
  /** ms of the monotonic clock */
  sentMs: number
  /**
   * from then on the server's own wait is over, and a lost Pause cannot close the gate any more; ms of the monotonic
   * clock
   */
  overMs: number
  /** undefined until there is an answer, or none can come */
  outcome?: PauseReply
}

/** The servers that are, or may be, paused by us; whoever has them unpauses exactly these, whatever happens. */
export type OurPauses = Map<Server, SentPause>

/** How long a Pause may be under way to its server, and wait there for its turn, beyond the drain that it asked for. */
export const underwayMs = 1000

/** Pauses one server. */
export async function pauseOne(server: Server, drainMs: number, ours: OurPauses): Promise<PauseReply> {
  const sentMs = performance.now()
  const sent: SentPause = { server, sentMs, overMs: sentMs + drainMs + underwayMs }
  // Before it is sent: whoever interrupts us must find it here.
  ours.set(server, sent)
  sent.outcome = await server.client.pause(drainMs)
  if (!isOurs(sent.outcome)) ours.delete(server)
  return sent.outcome
}

/**
 * Pauses all servers at once, and gives up with the first that refuses. One that is paused by a rival says so only when
 * its drain is over; then the others' answers are waited for, since an Unpause would end a rival's pause that ours
 * waits behind.
 * @param ours filled with the servers that are, or may be, paused by us
 * @throws Failure listing the servers that refused by then; the signal's reason when it aborts first
 */
export async function pauseAll(
  servers: readonly Server[],
  drainMs: number,
  signal: AbortSignal,
  ours: OurPauses,
): Promise<void> {
  signal.throwIfAborted()
  const failed: { server: Server; outcome: PauseReply }[] = []
  const refused = Promise.withResolvers<void>()
  const answered = servers.map(async (server) => {
    const outcome = await pauseOne(server, drainMs, ours)
    if (outcome.kind === 'paused') return
    failed.push({ server, outcome })
    if (!tellsOfRival(outcome)) refused.resolve()
  })
  await unlessAborted(Promise.race([Promise.all(answered), refused.promise]), signal)
  if (failed.length === 0) return
  throw new Failure({
    what: `${failed.length} of ${servers.length} servers could not be paused; all that were are unpaused again`,
    why: failed.map(({ server, outcome }) => `${titleOf(server.endpoint)}: ${outcome.why ?? outcome.kind}`).join('; '),
    next: cureOf(failed.map(({ outcome }) => outcome)),
  })
}

function tellsOfRival({ kind }: PauseReply): boolean {
  return kind === 'pause-in-progress' || kind === 'timed-out-still-paused'
}

function cureOf(outcomes: readonly PauseReply[]): string {
  const kinds = new Set(outcomes.map(({ kind }) => kind))
  if (kinds.has('unimplemented')) return 'give the port of the admin service with --admin-port'
  if (outcomes.some(tellsOfRival))
    return 'let the other pause end (`kubectl scalardl status` shows what is paused), then try again'
  if (kinds.has('timed-out'))
    return 'give the requests in flight more time with --max-pause-wait, or try again when there is less load'
  return 'see with `kubectl scalardl doctor` whether all servers answer, then try again'
}

/**
 * The promise's value, or the signal's reason as soon as it aborts; what the promise comes to after that is of no
 * interest.
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
