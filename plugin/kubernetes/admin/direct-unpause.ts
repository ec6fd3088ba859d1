// Room: the admin ports, reached from the administrator's machine through the API server.
// Read direct-unpause, admin-client, port-forward.

import type { V1Pod, V1Service } from '@kubernetes/client-node'
import { adminPortOf } from '../../../operation/product.ts'
import { messageOf } from '../../../operation/failure.ts'
import type { PausedEndpoint } from '../../../operation/record.ts'
import { connectAdmin, type AdminConnection, type AdminTls } from './admin-client.ts'
import { fewAtOnce } from './few-at-once.ts'
import { forwardPort } from './port-forward.ts'
import type { Release } from '../releases/releases.ts'
import type { Session } from '../api/session.ts'

const callMs = 10_000

/** What became of one pod. */
export interface DirectUnpause {
  pod: string
  release: string
  /**
   * serving: unpaused; not-paused: it was serving already; unknown: unpaused, but too old to be asked; left: paused by
   * somebody else, or too old to tell
   */
  outcome: 'serving' | 'not-paused' | 'unknown' | 'left' | 'failed'
  reason?: string
}

/** A pod's admin interface, reached through the API server. */
interface Server {
  pod: string
  release: string
  endpoint: PausedEndpoint
  port: number
}

/**
 * The admin interfaces of the releases' pods; a pod that was evicted, has ended or has not begun has none.
 * @param services of the namespace, which say where the admin ports are
 * @param adminPort in place of these
 */
export function adminServers(
  releases: readonly Release[],
  services: readonly V1Service[],
  adminPort: number | undefined,
): Server[] {
  return releases.flatMap(({ name, pods }) =>
    pods.filter(isRunning).map((pod) => {
      const { metadata, status } = pod
      const port = adminPort ?? adminPortOf(pod, services)
      return {
        pod: metadata?.name ?? '',
        release: name,
        port,
        endpoint: {
          address: `${status?.podIP ?? ''}:${port}`,
          ...(metadata?.uid === undefined ? {} : { uid: metadata.uid }),
        },
      }
    }),
  )
}

function isRunning({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && (status?.podIP ?? '') !== ''
}

/**
 * Asks one server something through a port-forward of the API server.
 * @param timeoutMs for each call
 * @throws the call's error, also where the server cannot be reached
 */
export async function askServer<T>(
  session: Session,
  { pod, port }: Server,
  tls: AdminTls | undefined,
  timeoutMs: number,
  ask: (admin: AdminConnection) => Promise<T>,
): Promise<T> {
  const forwarded = await forwardPort(session, pod, port)
  const admin = connectAdmin(forwarded.address, tls, timeoutMs)
  try {
    return await ask(admin)
  } finally {
    admin.close()
    forwarded.close()
  }
}

/** Ends the pause of one server, where there is one and it may be ended. @throws the error of a call */
export async function unpauseServer(
  admin: AdminConnection,
  mayEnd: boolean,
): Promise<Pick<DirectUnpause, 'outcome' | 'reason'>> {
  const before = await admin.isPaused()
  if (before === false) return { outcome: 'not-paused' }
  if (!mayEnd)
    return {
      outcome: 'left',
      reason: before === true ? 'paused by somebody else' : 'it cannot say whether it is paused',
    }
  await admin.unpause()
  const after = await admin.isPaused()
  if (after === true)
    return { outcome: 'failed', reason: 'it says that it is paused still; another operation may have paused it again' }
  return { outcome: after === undefined ? 'unknown' : 'serving' }
}

/**
 * Unpauses servers through port-forwards of the API server, some at once, without a Job.
 * @param mayEnd whether a pause at that server may be ended; asked of all before the first is unpaused
 */
export async function directUnpause(
  session: Session,
  servers: readonly Server[],
  tls: AdminTls | undefined,
  mayEnd: (server: PausedEndpoint) => boolean,
): Promise<DirectUnpause[]> {
  const allowed = new Set(servers.filter(({ endpoint }) => mayEnd(endpoint)))
  return fewAtOnce(servers, async (server) => {
    const { pod, release } = server
    try {
      const done = await askServer(session, server, tls, callMs, (admin) => unpauseServer(admin, allowed.has(server)))
      return { pod, release, ...done }
    } catch (error) {
      return { pod, release, outcome: 'failed' as const, reason: messageOf(error) }
    }
  })
}
