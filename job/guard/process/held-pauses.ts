import { setTimeout as sleep } from 'node:timers/promises'
import type { Intervention } from '../../../operation/record.ts'
import type { Events } from '../../process/events.ts'
import type { Releases } from '../../kubernetes/cluster.ts'
import type { AdminTls } from '../../servers/client.ts'
import { underwayMs } from '../../servers/pause-all.ts'
import { closeAll, connectAll, serversOfIntent, type Server } from '../../servers/servers.ts'
import { titleOf } from '../../servers/targets.ts'
import { unpauseAll } from '../../servers/unpause-all.ts'
import { keepOpen, overAfterCut } from '../../servers/unpause-ours.ts'
import type { GuardMessage, Hold } from '../protocol/messages.ts'
import type { Report } from './report.ts'

/** The pauses that are in the guard's hands. */
export interface HeldPauses {
  /** no pause is held: nothing is paused, as far as the guard was told */
  readonly empty: boolean
  /** whose Leases say that the worker lives */
  releases(): string[]
  /**
   * Takes a pause, connects to its servers, and says `holding` once all are connected. A pause that was released or
   * ended stays so.
   */
  take(hold: Hold): void
  /** starts its longest time */
  begin(pause: number, restMs: number): void
  /** ends it where the living worker asks for that */
  help(pause: number): void
  /**
   * Ends every pause on the guard's own judgement, except those that the worker had ended but could not say so.
   */
  fire(why: string): void
  /** ends the pauses whose longest time is over */
  fireOverdue(): void
  /** Lets a pause go that the worker has ended, and answers with what the guard had done. */
  release(pause: number): void
  /** Lets go what the guard has not ended: the operation has ended. */
  releaseAll(): void
  /** resolves once nothing is being ended any more, and the report knows how it went */
  settled(): Promise<unknown>
}

interface Held {
  hold: Hold
  servers: Server[]
  /** when the Pauses were sent, as far as that is known; ms of performance.now() */
  sentMs: number | undefined
  /** when its longest time is over, ms of performance.now() */
  untilMs: number
  /** connected to all */
  ready: boolean
  /** the guard was about to end it, and asks whether it has to */
  doubted: boolean
  ending: boolean
  /** stops the tries to unpause: a later pause is somebody else's */
  released: AbortController
  /** stops looking after servers that were cut off, too */
  forgotten: AbortController
}

/** How much longer than its longest time a pause may last, ms: the worker ends it first. */
const graceMs = 2000
const reconnectMs = 1000
/**
 * How long a server is looked after once it is unpaused, ms. A pause that begins later is rather somebody else's.
 */
const lateMs = 3000
/**
 * How long after the drain a Pause may go unanswered, ms. The worker then unpauses or asks for help, so in any longer
 * pause all Pauses were answered.
 */
const undecidedMs = 10_000
const unpauseLimits = { atMost: 24 * 3_600_000, onceStopping: 0 }

export interface HeldPausesOptions {
  cluster: Releases
  tls: AdminTls | undefined
  /** how long a server may wait for its requests in flight, ms */
  drainMs: number
  events: Events
  report: Report
  /**
   * whether the worker has written down that nothing of a pause is left; false where nobody can say. Answers soon and
   * never throws
   */
  hasEnded(pause: number): Promise<boolean>
  /** to the worker, where one is connected */
  say(message: GuardMessage): void
}

export function heldPauses({ cluster, tls, drainMs, events, report, hasEnded, say }: HeldPausesOptions): HeldPauses {
  const held = new Map<number, Held>()
  /** why, by pause; kept for the worker's question */
  const fired = new Map<number, string>()
  const over = new Set<number>()
  const endings: Promise<void>[] = []

  async function connect(one: Held): Promise<void> {
    const { pause } = one.hold
    for (;;) {
      const troubles = await connectAll(one.servers, tls)
      if (one.released.signal.aborted) return
      one.ready = troubles.size === 0
      if (one.ready) return say({ say: 'holding', pause, servers: one.servers.length })
      say({
        say: 'cannot-hold',
        pause,
        why: [...troubles].map(([{ endpoint }, { why }]) => `${titleOf(endpoint)}: ${why}`).join('; '),
      })
      await sleep(reconnectMs)
    }
  }

  async function end(one: Held, why: string): Promise<void> {
    one.ending = true
    const { pause } = one.hold
    events.say('note', `ending pause ${pause}: ${why}`, { level: 'warning' })
    const intervention: Intervention = {
      at: new Date().toISOString(),
      pause,
      why,
      unpaused: [],
      stillPaused: one.servers.map(({ endpoint }) => endpoint.address),
    }
    report.put(intervention)
    await Promise.all(
      one.servers.map(async (server) => {
        const askedMs = performance.now()
        const { stillPaused } = await unpauseAll([server], cluster, one.released.signal, unpauseLimits)
        const { address } = server.endpoint
        if (stillPaused.length === 0) {
          intervention.unpaused.push(address)
          intervention.stillPaused = intervention.stillPaused.filter((other) => other !== address)
          say({ say: 'unpaused', pause, addresses: [address] })
          report.put(intervention)
        }
        await stayOpen(server, one, askedMs)
      }),
    )
    // Released by the worker: what did not answer here answered there.
    if (one.released.signal.aborted) intervention.stillPaused = []
    events.say('unpaused', `${intervention.unpaused.length} unpaused`, {
      data: { count: intervention.unpaused.length },
    })
    report.put(intervention)
    letGo(one)
  }

  /** Unpauses again where a late Pause of the worker reaches a server after the guard's Unpause. */
  async function stayOpen(server: Server, one: Held, askedMs: number): Promise<void> {
    const { sentMs = askedMs, released, forgotten } = one
    const usualMs = Math.min(sentMs + drainMs + underwayMs, performance.now() + lateMs)
    const overMs =
      askedMs < sentMs + drainMs + undecidedMs ? overAfterCut({ sentMs, overMs: usualMs }, askedMs) : usualMs
    // The next worker knows nothing of a Pause that is still on its way, and may release this one.
    const { signal } = overMs > usualMs ? forgotten : released
    if (await keepOpen({ server, sentMs, overMs }, signal))
      await unpauseAll([server], cluster, released.signal, unpauseLimits)
  }

  function letGo(one: Held): void {
    const { pause } = one.hold
    one.released.abort()
    one.forgotten.abort()
    if (held.get(pause) === one) held.delete(pause)
    closeAll(one.servers)
  }

  function startEnd(one: Held, why: string): void {
    if (!one.ending) endings.push(end(one, why))
  }

  async function fireOne(one: Held, why: string): Promise<void> {
    if (one.ending || one.doubted) return
    one.doubted = true
    const { pause } = one.hold
    if (await hasEnded(pause)) return release(pause)
    // The worker has ended it meanwhile.
    if (one.ending || one.released.signal.aborted) return
    fired.set(pause, why)
    say({ say: 'fired', pause, why })
    startEnd(one, why)
  }

  function release(pause: number): void {
    const one = held.get(pause)
    const why = fired.get(pause)
    over.add(pause)
    one?.released.abort()
    // A pause that the guard ended is let go by itself, once no Pause can be on its way any more.
    if (one !== undefined && why === undefined) letGo(one)
    say({ say: 'released', pause, ...(why !== undefined && { fired: why }) })
  }

  return {
    get empty() {
      return held.size === 0
    },
    releases: () => [...new Set([...held.values()].flatMap(({ hold }) => hold.releases))],
    take(hold) {
      const { pause } = hold
      const before = held.get(pause)
      const why = fired.get(pause)
      if (why !== undefined) return say({ say: 'fired', pause, why })
      if (over.has(pause) || before?.ending === true) return
      if (before !== undefined) {
        if (before.ready) say({ say: 'holding', pause, servers: before.servers.length })
        return
      }
      const one: Held = {
        hold,
        servers: serversOfIntent(hold, tls),
        sentMs: undefined,
        untilMs: Infinity,
        ready: false,
        doubted: false,
        ending: false,
        released: new AbortController(),
        forgotten: new AbortController(),
      }
      held.set(pause, one)
      void connect(one)
    },
    begin(pause, restMs) {
      // A pause of a released server is somebody else's from here on.
      for (const other of held.values()) if (other.released.signal.aborted) letGo(other)
      const one = held.get(pause)
      if (one === undefined) return
      const now = performance.now()
      one.untilMs = now + restMs + graceMs
      one.sentMs ??= now
    },
    help(pause) {
      const one = held.get(pause)
      if (one !== undefined) startEnd(one, 'the worker asked for it: it had no answer from some server')
    },
    fire(why) {
      for (const one of held.values()) void fireOne(one, why)
    },
    fireOverdue() {
      for (const one of held.values())
        if (performance.now() > one.untilMs)
          void fireOne(one, 'the longest pause was over and the worker had not ended it')
    },
    release,
    releaseAll() {
      for (const one of held.values()) if (!one.ending) letGo(one)
    },
    settled: () => Promise.all(endings),
  }
}
