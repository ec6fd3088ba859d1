import { setTimeout as sleep } from 'node:timers/promises'
import type { EventCode } from '../../operation/event.ts'
import { messageOf } from '../../operation/failure.ts'
import type { Requester } from '../../operation/request.ts'
import type { Events } from './events.ts'

/** What is told of releases, beside the log: whoever looks at a Deployment sees what was done to it, and by whom. */
export interface ReleaseEvent {
  operation: string
  releases: readonly string[]
  /** one word, as the reasons of Kubernetes' own Events */
  reason: string
  message: string
  type: 'Normal' | 'Warning'
}

/** Everything that is done to a release has a code of its own. */
const reasons: Partial<Record<EventCode, string>> = {
  pausing: 'Pausing',
  unpaused: 'Unpaused',
  'still-paused': 'StillPaused',
  scaling: 'Scaling',
  switched: 'DataSwitched',
  deleted: 'DataDeleted',
}

/** More of them at once than any operation has: an API server that does not answer must not fill the memory. */
const mostUnderway = 50
/** How long the end of a process waits for what is under way, ms. */
const settleMs = 3000

/** Events that are told on releases as well. */
export interface ToldEvents extends Events {
  /** waits until all is told, for three seconds at most; never throws */
  settled(): Promise<void>
}

/**
 * Says everything as `events` does, and tells on the releases what is done to them. Nobody waits for that, and where it
 * fails the log says so once: a pause neither fails nor lasts longer for it.
 * @param tell once for each; it may take its time, and may throw
 */
export function toldOnReleases(
  events: Events,
  of: { operation: string; releases: readonly string[]; requestedBy?: Requester | undefined },
  tell: (event: ReleaseEvent) => Promise<void>,
): ToldEvents {
  const underway = new Set<Promise<void>>()
  let complained = false
  const complain = (why: string) => {
    if (complained) return
    complained = true
    events.say('note', `no Kubernetes Event tells what is done to the release: ${why}`, { level: 'warning' })
  }
  const user = of.requestedBy !== undefined && 'user' in of.requestedBy ? `, for ${of.requestedBy.user}` : ''

  function told(reason: string, message: string, releases: readonly string[], type: ReleaseEvent['type']): void {
    if (underway.size >= mostUnderway) return complain('the API server does not answer')
    const telling = tell({
      operation: of.operation,
      releases,
      reason,
      message: `${of.operation}${user}: ${message}`,
      type,
    }).catch((error: unknown) => complain(messageOf(error)))
    underway.add(telling)
    void telling.then(() => underway.delete(telling))
  }

  return {
    say(code, message, options = {}) {
      events.say(code, message, options)
      const { level = 'info', data = {} } = options
      const reason = reasons[code]
      // An `unpause` that found nothing paused did nothing.
      if (reason === undefined || data['count'] === 0) return
      told(reason, message, namesIn(data['releases']) ?? of.releases, level === 'info' ? 'Normal' : 'Warning')
    },
    async settled() {
      await Promise.race([Promise.all(underway), sleep(settleMs, undefined, { ref: false })])
    },
  }
}

function namesIn(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : undefined
}
