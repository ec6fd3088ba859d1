import { setTimeout as sleep } from 'node:timers/promises'
import type { Releases, ReleasePod } from '../kubernetes/cluster.ts'
import type { Server } from './servers.ts'

/** What an unpause came to, by address. */
export interface Unpaused {
  answered: string[]
  /** their pod is gone or its process has started anew; a pause is in memory only, so none is left */
  gone: string[]
  /** never answered */
  stillPaused: string[]
}

const callMs = 3000
const firstPauseMs = 100
const longestPauseMs = 2000

/** How long to keep trying, ms. */
export interface UnpauseLimits {
  /** longer than the 60 s that the charts give a pod to end, so that a pod on its way out is seen to go */
  atMost: number
  /** once the worker itself has to end: within the 60 s that its own pod has for it */
  onceStopping: number
}
const usualLimits: UnpauseLimits = { atMost: 120_000, onceStopping: 40_000 }

/** Somebody who unpauses the same servers from elsewhere, once asked: the guard. */
export interface Helper {
  help(): void
  /** whether a server that does not answer the Unpause serves again all the same */
  serves(server: Server): Promise<boolean>
}
/** A server that has not answered by then may answer somebody else. ms */
const helpMs = 1000

/**
 * Unpauses all at once and keeps trying until each has answered, or its pod is gone, or the time is up. Never throws.
 * @param stopping the worker's SIGTERM, which shortens the time
 * @param helper asked where some server has not answered after a second
 */
export async function unpauseAll(
  servers: readonly Server[],
  cluster: Releases,
  stopping: AbortSignal,
  limits = usualLimits,
  helper?: Helper,
): Promise<Unpaused> {
  // Not by the wall clock, which somebody may set meanwhile.
  const deadline = { atMs: performance.now() + limits.atMost }
  const hurry = () => {
    deadline.atMs = Math.min(deadline.atMs, performance.now() + limits.onceStopping)
  }
  if (stopping.aborted) hurry()
  stopping.addEventListener('abort', hurry, { once: true })
  const unpaused: Unpaused = { answered: [], gone: [], stillPaused: [] }
  const help = setTimeout(() => helper?.help(), helpMs)
  await Promise.all(
    servers.map(async (server) => {
      unpaused[await unpauseOne(server, cluster, deadline, helper)].push(server.endpoint.address)
    }),
  )
  clearTimeout(help)
  stopping.removeEventListener('abort', hurry)
  return unpaused
}

async function unpauseOne(
  server: Server,
  cluster: Releases,
  deadline: { atMs: number },
  helper?: Helper,
): Promise<keyof Unpaused> {
  for (let waitMs = firstPauseMs; ; waitMs = Math.min(waitMs * 2, longestPauseMs)) {
    try {
      await server.client.unpause(callMs)
      return 'answered'
    } catch {
      if ((await helper?.serves(server)) === true) return 'answered'
      // An API server that is slow to answer must not keep us from trying again.
      if (await Promise.race([isGone(server, cluster), sleep(longestPauseMs, false)])) return 'gone'
      if (performance.now() + waitMs > deadline.atMs) return 'stillPaused'
      await sleep(waitMs)
    }
  }
}

async function isGone({ endpoint, restarts }: Server, cluster: Releases): Promise<boolean> {
  if (endpoint.uid === undefined) return false
  try {
    return startedAnew(endpoint.uid, await cluster.scalarPods(), restarts)
  } catch {
    // Without the API server's word it may still be there.
    return false
  }
}

/**
 * Whether the process that was paused in a pod no longer runs: the pod is gone, or its server was restarted since.
 * @param restarts of the pod's server when it was paused, where that is known
 */
export function startedAnew(uid: string, pods: readonly ReleasePod[], restarts: number | undefined): boolean {
  const pod = pods.find((one) => one.uid === uid)
  return pod === undefined || (restarts !== undefined && pod.restarts > restarts)
}
