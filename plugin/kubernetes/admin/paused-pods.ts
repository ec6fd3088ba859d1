import type { V1Service } from '@kubernetes/client-node'
import { adminServers, askServer } from './direct-unpause.ts'
import { fewAtOnce } from './few-at-once.ts'
import type { Release } from '../releases/releases.ts'
import type { Session } from '../api/session.ts'

/** For one server, ms; a connection through the API server takes some tens. */
const askMs = 2000

/** What the servers of a release say themselves. */
export interface PausedPods {
  /** names of the pods that say that they are paused */
  paused: string[]
  /** whether every pod has answered; those that speak TLS, are too old, or may not be reached do not */
  complete: boolean
}

/**
 * Asks the servers of a release whether they are paused, through port-forwards. Never throws, and takes seconds at the
 * very most.
 * @param services of the namespace, which say where the admin ports are
 */
export async function pausedPods(
  session: Session,
  release: Release,
  services: readonly V1Service[],
): Promise<PausedPods> {
  const servers = adminServers([release], services, undefined)
  const untilMs = Date.now() + 2 * askMs
  const answers = await fewAtOnce(servers, async (server) => {
    const paused =
      Date.now() > untilMs
        ? undefined
        : await askServer(session, server, undefined, askMs, (admin) => admin.isPaused()).catch(() => undefined)
    return { pod: server.pod, paused }
  })
  return {
    paused: answers.flatMap(({ pod, paused }) => (paused === true ? [pod] : [])).sort(),
    complete: servers.length > 0 && answers.every(({ paused }) => paused !== undefined),
  }
}
