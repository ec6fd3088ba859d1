import { messageOf } from '../../operation/failure.ts'
import { connectAdmin, type AdminTls } from './admin-client.ts'
import { forwardPort } from './port-forward.ts'
import type { Release } from './releases.ts'
import type { Session } from './session.ts'

const callMs = 10_000

/** What became of one pod. */
export interface DirectUnpause {
  pod: string
  release: string
  /** unknown: unpaused, but the server is too old to be asked */
  outcome: 'serving' | 'unknown' | 'failed'
  reason?: string
}

async function unpausePod(session: Session, pod: string, release: string, port: number, tls: AdminTls | undefined): Promise<DirectUnpause> {
  const forwarded = await forwardPort(session, pod, port)
  const admin = connectAdmin(forwarded.address, tls, callMs)
  try {
    await admin.unpause()
    const paused = await admin.isPaused()
    if (paused === true) return { pod, release, outcome: 'failed', reason: 'it says that it is paused still; another operation may have paused it again' }
    return { pod, release, outcome: paused === undefined ? 'unknown' : 'serving' }
  } catch (error) {
    return { pod, release, outcome: 'failed', reason: messageOf(error) }
  } finally {
    admin.close()
    forwarded.close()
  }
}

/**
 * Unpauses every pod of the releases through port-forwards of the API server, all at once, without a Job.
 * @param adminPort in place of the products' own
 */
export async function directUnpause(session: Session, releases: readonly Release[], adminPort: number | undefined, tls: AdminTls | undefined): Promise<DirectUnpause[]> {
  const pods = releases.flatMap((release) => release.pods.map((pod) => ({ release, pod })))
  return Promise.all(pods.map(({ release, pod }) => unpausePod(session, pod.metadata?.name ?? '', release.name, adminPort ?? release.product.adminPort, tls)))
}
