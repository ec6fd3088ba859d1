import { adminServers, askServer } from './direct-unpause.ts'
import type { Release } from '../releases/releases.ts'
import type { Session } from '../api/session.ts'

/** For one server, ms; a connection through the API server takes some tens. */
const askMs = 2000
/** Servers asked at a time, so that a large release does not flood the API server. */
const atOnce = 16

/** What the servers of a release say themselves. */
export interface PausedPods {
  /** names of the pods that say that they are paused */
  paused: string[]
  /** whether every pod has answered; those that speak TLS, are too old, or may not be reached do not */
  complete: boolean
}

/** Asks the servers of a release whether they are paused, through port-forwards. Never throws, and takes seconds at the very most. */
export async function pausedPods(session: Session, release: Release): Promise<PausedPods> {
  const waiting = adminServers([release], undefined)
  const untilMs = Date.now() + 2 * askMs
  const found: PausedPods = { paused: [], complete: waiting.length > 0 }
  const askNext = async (): Promise<void> => {
    for (let server = waiting.pop(); server !== undefined; server = waiting.pop()) {
      const answer =
        Date.now() > untilMs
          ? undefined
          : await askServer(session, server, undefined, askMs, (admin) => admin.isPaused()).catch(() => undefined)
      if (answer === true) found.paused.push(server.pod)
      if (answer === undefined) found.complete = false
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askNext))
  found.paused.sort()
  return found
}
