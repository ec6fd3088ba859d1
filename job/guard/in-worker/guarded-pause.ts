import { formatDuration } from '../../../operation/duration.ts'
import { Failure } from '../../../operation/failure.ts'
import type { Events } from '../../process/events.ts'
import { PauseCutShort } from './errors.ts'
import type { GuardedPause, LeaseLife } from './guard-link.ts'
import type { GuardPeer, GuardPeers } from './guard-peers.ts'
import type { GuardMessage, Hold } from '../protocol/messages.ts'
import type { Waiters } from './waiters.ts'

/** A pause that a guard holds, as the link to the guard drives it. */
export interface Guarded extends GuardedPause {
  /** a guard has connected, or connected again: it learns what it has to hold */
  handTo(peer: GuardPeer): void
  heard(peer: GuardPeer, message: GuardMessage): void
  /** waits until a guard holds all of it. @param refusal says why none does */
  held(signal: AbortSignal, timeoutMs: number, refusal: () => Promise<Failure>): Promise<void>
  /** why a guard that is there does not hold it */
  blindness(): string | undefined
}

/**
 * The worker ends its pause where the guard has not heard it and its Lease was not renewed for this long: a second
 * before the guard would fire. ms
 */
export const deafMs = 4000
const watchMs = 250
const answerMs = 2000

interface Parts {
  hold: Hold
  lease: LeaseLife
  peers: GuardPeers
  events: Events
  changed: Waiters
}

export function guardedPause({ hold, lease, peers, events, changed }: Parts): Guarded {
  const { pause } = hold
  const ended = new AbortController()
  const unpaused = new Set<string>()
  /** how many servers each process of a guard holds */
  const holding = new Map<string, number>()
  const released = new Set<string>()
  const never = new AbortController().signal
  let blind: string | undefined
  let fired: string | undefined
  let untilMs: number | undefined
  let silent = false
  let helped = false
  let timer: NodeJS.Timeout | undefined

  function handTo({ link }: GuardPeer): void {
    link.send({ say: 'hold', hold })
    if (untilMs !== undefined) link.send({ say: 'begin', pause, restMs: untilMs - performance.now() })
    if (helped) link.send({ say: 'help', pause })
  }

  // Only a guard that hears this worker counts: it measures the silence that ends a pause.
  const isHeld = () =>
    peers.heardMs() !== undefined && [...peers.all].some(({ hello }) => holding.get(hello.run) === hold.servers.length)

  function watch(): void {
    const now = performance.now()
    const [heardMs = now, renewedMs] = [peers.heardMs(), lease.renewedMs()]
    const deaf = now - heardMs
    const unseen = renewedMs === undefined ? undefined : now - renewedMs
    if (deaf > deafMs && (unseen === undefined || unseen > deafMs)) ended.abort(alone(deaf, unseen))
    const isSilent = deaf > deafMs
    if (isSilent !== silent) {
      silent = isSilent
      if (silent)
        events.say('guard', 'the guard does not answer; the pause goes on, since the Lease is renewed', {
          level: 'warning',
          data: { state: 'silent' },
        })
      else events.say('guard', 'the guard answers again', { data: { state: 'back' } })
    }
  }

  function end(): void {
    clearInterval(timer)
    timer = undefined
  }

  async function held(signal: AbortSignal, timeoutMs: number, refusal: () => Promise<Failure>): Promise<void> {
    if (!(await changed.until(isHeld, signal, timeoutMs))) throw await refusal()
  }

  return {
    guarded: true,
    ended: ended.signal,
    unpaused,
    handTo,
    held,
    blindness: () => blind,
    heard({ hello }, message) {
      if (!('pause' in message) || message.pause !== pause) return
      if (message.say === 'holding') holding.set(hello.run, message.servers)
      if (message.say === 'cannot-hold') blind = message.why
      if (message.say === 'unpaused') message.addresses.forEach((address) => unpaused.add(address))
      if (message.say === 'released') {
        released.add(hello.run)
        fired ??= message.fired
      }
      if (message.say === 'fired' && fired === undefined) {
        fired = message.why
        events.say('guard', `guard ${hello.pod} ended the pause: ${message.why}`, {
          level: 'warning',
          data: { state: 'fired', pod: hello.pod, node: hello.node },
        })
        ended.abort(firedBy(hello.pod, message.why))
      }
    },
    begin(restMs) {
      untilMs = performance.now() + restMs
      peers.say({ say: 'begin', pause, restMs })
      timer = setInterval(watch, watchMs)
    },
    help() {
      helped = true
      peers.say({ say: 'help', pause })
    },
    leave: end,
    async release() {
      end()
      peers.say({ say: 'release', pause })
      const answered = () => [...peers.all].every(({ hello }) => !holding.has(hello.run) || released.has(hello.run))
      await changed.until(answered, never, answerMs)
      return { ...(fired !== undefined && { fired }), unknown: [...holding.keys()].some((run) => !released.has(run)) }
    },
  }
}

/** @param unseenForMs undefined where no Lease shows that the worker lives */
function alone(deafForMs: number, unseenForMs: number | undefined): PauseCutShort {
  const unseen =
    unseenForMs === undefined ? '' : `, and the Lease could not be renewed for ${formatDuration(unseenForMs)}`
  return new PauseCutShort(
    `the guard has not heard this worker for ${formatDuration(deafForMs)}${unseen}: ` +
      'the guard must take it for dead',
    "check that the worker's node reaches the API server and the other nodes, then try again",
  )
}

function firedBy(pod: string, why: string): Failure {
  return new Failure({
    what: 'the guard ended the pause',
    why: `${pod}: ${why}`,
    next: 'see what kept the worker (its memory, its node, the network), then try again',
  })
}
